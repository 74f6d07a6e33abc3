//go:build !linux

package atomicfile

import "errors"

// exchange is for Linux only; elsewhere two renames do.
func exchange(a, b string) error { return errors.ErrUnsupported }

// isMount is for Linux only; elsewhere the rename fails.
func isMount(path string) (bool, error) { return false, nil }
