"""Who gets a lead: pure rules. Facts and the moment go in, a decision comes out; the standard library only."""
