"""What the use cases need of the outside world, a file a part. Adapters in `fairlane.aws`; fakes in the tests."""
