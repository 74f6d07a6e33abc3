package spill

import "syscall"

// populate asks for memory that is there at once: it is written to soon, and a
// fault for each page of it costs twice as much as clearing the page.
const populate = syscall.MAP_POPULATE

// forget gives the memory of pages back, which hold nothing.
func forget(b []byte) { syscall.Madvise(b, syscall.MADV_DONTNEED) }
