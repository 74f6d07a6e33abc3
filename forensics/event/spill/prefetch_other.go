//go:build !amd64

package spill

import "unsafe"

func prefetch(unsafe.Pointer) {}
