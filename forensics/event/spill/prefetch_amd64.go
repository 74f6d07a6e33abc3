package spill

import "unsafe"

// prefetch asks for the memory behind at, without waiting for it.
//
//go:noescape
func prefetch(at unsafe.Pointer)
