//go:build unix

package spill

import "syscall"

// pages returns fresh memory outside the heap, nil if there is none.
func pages(n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|populate)
	if err != nil {
		return nil
	}
	return b
}

func release(b []byte) { syscall.Munmap(b) }
