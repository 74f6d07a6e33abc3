// Package tempfile makes temporary files of which it can be told whether anybody
// still writes them. A run that is killed may leave its files behind; Sweep, called
// by a later one, removes those, and never a file of a run that lives.
//
// Each file is locked from the moment it is made until Release or the end of the
// process, however that ends. Where files cannot be locked, none is swept.
package tempfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a temporary file. Close closes it, and leaves it locked.
type File struct {
	*os.File
	hold *os.File // the lock, nil where there is none
}

// errSwept: the file was taken for an abandoned one before it was locked.
var errSwept = errors.New("another run removes temporary files as quickly as they are made")

// Create makes a file in dir, whose name is pattern with something in the place of
// the *, with exactly the permissions perm, among which is that of its owner to read
// and to write.
func Create(dir, pattern string, perm fs.FileMode) (*File, error) {
	for range 100 {
		f, err := create(dir, pattern, perm)
		if !errors.Is(err, errSwept) {
			return f, err
		}
	}
	return nil, errSwept
}

func create(dir, pattern string, perm fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	err = f.Chmod(perm)
	var hold *os.File
	if err == nil {
		hold, err = take(f)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &File{f, hold}, nil
}

// Unname takes the name of a file away, so that nothing is left of it when the
// program ends, and reports whether the system allows that.
func (f *File) Unname() bool { return os.Remove(f.Name()) == nil }

// Release gives up the lock. What still has a name then may be swept.
func (f *File) Release() {
	if f.hold != nil {
		f.hold.Close()
	}
}

// Sweep removes from a folder those files that are ours by their names and that no
// living run holds. What cannot be removed stays.
func Sweep(dir string, ours func(name string) bool) {
	d, err := os.Open(dir)
	if err != nil {
		return // it is said where the folder is used
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1000)
		for _, name := range names {
			if ours(name) {
				sweep(filepath.Join(dir, name))
			}
		}
		if err != nil { // io.EOF, or nothing to be done about it
			return
		}
	}
}

// there reports whether an open file still stands at a path, as a regular file.
func there(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil || !mine.Mode().IsRegular() {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, info)
}

// View returns the first size bytes of a file, to be read independently of others
// that read it.
func (f *File) View(size int64) *io.SectionReader { return io.NewSectionReader(f.File, 0, size) }
