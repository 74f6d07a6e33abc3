package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// A Lock keeps other runs out of something until it is released or the process
// ends, however it ends.
type Lock struct{ file *os.File }

// TakeLock takes the lock of a name within a folder. The error is ErrLocked
// where another run holds it.
func TakeLock(dir, name string) (*Lock, error) {
	f, err := takeLock(filepath.Join(dir, "."+name+tempPrefix+"lock"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Lock{f}, nil
}

// Release gives the lock up.
func (l *Lock) Release() {
	os.Remove(l.file.Name()) // first, while nobody else can have locked it
	l.file.Close()
}

// Append adds bytes at the end of a file that has size bytes, and brings them to
// the disk; a size of 0 makes the file if it is not there. What lies behind size
// is cut off first. The caller holds a lock.
//
// Unlike all else here, an append that is killed may leave a part of the bytes:
// the reader must be able to tell a part from the whole.
func Append(path string, size int64, text ...string) error {
	if err := checkTarget(path); err != nil {
		return err
	}
	flags := os.O_WRONLY
	if size == 0 {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, fileMode)
	if err != nil {
		return err
	}
	if err := owned(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(appendTo(f, size, text), f.Close(), syncFolder(filepath.Dir(path)))
}

// owned takes from everybody but its owner what they may do with a file that was
// there before.
func owned(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return err
	}
	return f.Chmod(fileMode)
}

func appendTo(f *os.File, size int64, text []string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("%s: has %d bytes and should have %d", f.Name(), info.Size(), size)
	}
	if info.Size() > size {
		// On the disk before anything is written: otherwise an old tail could
		// come back behind a new record.
		if err := errors.Join(f.Truncate(size), tolerate(f.Sync())); err != nil {
			return err
		}
	}
	_, err = f.Seek(size, io.SeekStart)
	for i := 0; i < len(text) && err == nil; i++ {
		_, err = f.WriteString(text[i])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), errors.Join(err, f.Truncate(size)))
	}
	if err := tolerate(f.Sync()); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	return nil
}

// RemoveLeftovers removes from a folder the files that killed runs had not
// finished, be they locked or not: the caller holds a lock that keeps other runs
// out of it.
func RemoveLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isTemp(e.Name()) && e.Type().IsRegular() {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// Sync brings the names in a folder to the disk.
func Sync(dir string) error { return syncFolder(dir) }

// Path returns the path of the lock's file.
func (l *Lock) Path() string { return l.file.Name() }
