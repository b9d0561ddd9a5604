"""What is measured, each figure beside the machine's own limit. `bench/run` runs all of it."""
