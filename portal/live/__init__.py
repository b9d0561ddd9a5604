"""Live updates: what changed is announced after its commit, and open pages are told which of their parts to fetch anew.

Operations hand what changed to the `announcer`, which tells Redis; the `hub` in each web process hears of it there and
tells the open `events` streams. Ids and versions travel, never anything of a customer. All of it may fail: pages also
ask by themselves now and then.
"""
