package spill

// prefetch asks for two lines of memory, without waiting for them. Nothing needs to
// be there.
func prefetch(at uintptr)
