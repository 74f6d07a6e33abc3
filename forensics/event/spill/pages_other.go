//go:build !unix

package spill

// pages returns fresh memory outside the heap, nil if there is none.
func pages(int) []byte { return nil }

func release([]byte) {}

func forget([]byte) {}
