//go:build !amd64

package spill

func prefetch(uintptr) {}
