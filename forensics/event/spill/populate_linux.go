package spill

import "syscall"

// populate asks for memory that is there at once: it is written to soon, and a
// fault for each page of it costs twice as much as clearing the page.
const populate = syscall.MAP_POPULATE
