// Package atomicfile makes files and folders appear whole or not at all. It is
// the only code of the project that creates a file that stays.
//
// A File is written under another name in the folder of its path and takes its
// place when it is committed: flushed, on the disk, closed, renamed, and the
// folder on the disk too. Whatever goes wrong before that, the old file stays
// as it was and no part of the new one is left. A Folder is the same for a case:
// written beside its place, exchanged with what stands there at the end.
//
// Names that this package gives to things that are not finished start with a dot
// and contain "paytriage"; a run that is killed leaves some. Those of a folder go
// with the next OpenFolder of the same path, those of a file with the next Create in
// the same folder. What a living run holds stays.
//
// A link at the path is replaced, not followed; what it names stays untouched.
// A path that names something else than a file, such as a device or a pipe, is
// refused.
package atomicfile

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/paytriage/paytriage/forensics/tempfile"
)

const (
	tempPrefix = ".paytriage-"
	tempSuffix = ".tmp"

	fileMode   = 0o600
	folderMode = 0o700

	bufferSize = 128 << 10
)

// A File is one that is being written. One goroutine may use it.
type File struct {
	path string
	tmp  *tempfile.File
	sink sink
	buf  *bufio.Writer
	done bool
}

// A sink writes through to a file and keeps account of what arrived.
type sink struct {
	w    io.Writer
	hash hash.Hash
	size int64
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.hash.Write(p[:n]) // never returns an error
	s.size += int64(n)
	return n, err
}

// Create starts a file that will stand at path, with exactly the permissions
// perm, whatever the umask. The folder must exist. Nothing is to be seen at path
// until Commit; call Discard when it is not to come to that, best deferred. What
// killed runs had not finished in the folder is removed.
func Create(path string, perm fs.FileMode) (*File, error) {
	tempfile.Sweep(filepath.Dir(path), isTemp)
	return create(path, perm)
}

// create is Create in a folder that nobody else writes to.
func create(path string, perm fs.FileMode) (*File, error) {
	if err := checkTarget(path); err != nil {
		return nil, err
	}
	tmp, err := tempfile.Create(filepath.Dir(path), tempPrefix+"*"+tempSuffix, perm)
	if err != nil {
		return nil, fmt.Errorf("%s: creating a temporary file beside it: %w", path, err)
	}
	f := &File{path: path, tmp: tmp, sink: sink{w: tmp, hash: sha256.New()}}
	f.buf = bufio.NewWriterSize(&f.sink, bufferSize)
	return f, nil
}

// checkTarget refuses paths that a file must not be put at: running as root, a
// rename onto /dev/null would replace the device for everybody.
func checkTarget(path string) error {
	if path == "" || strings.HasSuffix(path, string(filepath.Separator)) {
		return fmt.Errorf("%q is not the path of a file", path)
	}
	info, err := os.Stat(path) // follows links: a link to a device is one
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s: is a folder, not a file", path)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is not a regular file and is not replaced by one", path)
	}
	return nil
}

// Write adds bytes to the file. After an error no later one succeeds, and
// neither does Commit.
func (f *File) Write(p []byte) (int, error) {
	if f.done {
		return 0, fmt.Errorf("%s: %w", f.path, fs.ErrClosed)
	}
	n, err := f.buf.Write(p)
	if err != nil {
		return n, fmt.Errorf("%s: %w", f.path, err)
	}
	return n, nil
}

// Commit puts the file in its place and returns its size in bytes and its
// SHA-256. On an error what stood at the path still stands there and the new
// file is gone, unless the error is that of bringing the folder to the disk:
// then the new file stands, but may not outlive a loss of power.
func (f *File) Commit() (size int64, sum [sha256.Size]byte, err error) {
	if f.done {
		return 0, sum, fmt.Errorf("%s: %w", f.path, fs.ErrClosed)
	}
	defer f.Discard()
	if err := f.finish(); err != nil {
		return 0, sum, fmt.Errorf("%s: %w", f.path, err)
	}
	// Looked at again, because much may have happened since Create.
	if err := checkTarget(f.path); err != nil {
		return 0, sum, err
	}
	if err := os.Rename(f.tmp.Name(), f.path); err != nil {
		return 0, sum, fmt.Errorf("%s: %w", f.path, err)
	}
	f.done = true
	f.tmp.Release()
	if err := syncFolder(filepath.Dir(f.path)); err != nil {
		return 0, sum, fmt.Errorf("%s: %w", f.path, err)
	}
	return f.sink.size, [sha256.Size]byte(f.sink.hash.Sum(nil)), nil
}

// finish brings all bytes to the disk, counts them, and closes the file.
func (f *File) finish() error {
	if err := f.buf.Flush(); err != nil {
		return err
	}
	if err := tolerate(f.tmp.Sync()); err != nil {
		return err
	}
	info, err := f.tmp.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.sink.size {
		return fmt.Errorf("%d bytes were written, the file has %d", f.sink.size, info.Size())
	}
	return f.tmp.Close()
}

// Discard gives the file up and removes what was written. After Commit it does
// nothing.
func (f *File) Discard() {
	if f.done {
		return
	}
	f.done = true
	f.tmp.Close()           // perhaps closed already
	os.Remove(f.tmp.Name()) // nothing better can be done about an error
	f.tmp.Release()
}

// Write writes a whole file: it calls write with a buffered writer and puts the
// file at path if that returns nil. Otherwise, and when write panics, nothing
// changes.
func Write(path string, perm fs.FileMode, write func(w io.Writer) error) error {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	_, _, err = f.Commit()
	return err
}

// Dir makes a folder that only its owner may enter, whatever the umask, and the
// folders above it as needed. One that exists keeps its permissions.
func Dir(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s: is not a folder", path)
		}
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := Dir(parent); err != nil {
			return err
		}
	}
	return mkdir(path)
}

// Own takes from everybody but its owner what they may do with a folder that was
// there before, and that only paytriage writes to.
func Own(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return err
	}
	if err := os.Chmod(path, folderMode); err != nil {
		return fmt.Errorf("%s: others can look into it (mode %04o): %w", path, info.Mode().Perm(), err)
	}
	return nil
}

func mkdir(path string) error {
	if err := os.Mkdir(path, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		return nil // another run was quicker
	}
	return os.Chmod(path, folderMode)
}

// syncFolder brings the names in a folder to the disk. Windows has no such call.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return tolerate(d.Sync())
}

// tolerate passes over the errors of file systems that cannot sync (some FUSE,
// network and container ones): there is nothing that anyone could do better.
func tolerate(err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// isTemp reports whether a name is one that Create gives to its temporary files.
func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}
