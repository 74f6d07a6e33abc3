//go:build unix && !linux

package spill

const populate = 0

func forget([]byte) {}
