"""`python -m tests.load --minutes 60`: the real bot and the real record under mixed load with injected faults."""
