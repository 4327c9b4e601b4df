"""The side that calls: one supervised task group per backend, its links and its eras."""
