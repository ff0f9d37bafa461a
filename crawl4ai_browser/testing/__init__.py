"""What tests of crawling code need: fakes, a misbehaving site, a clock that moves when told to."""
