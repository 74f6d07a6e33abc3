//go:build unix

package tempfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// take locks a file that was just made, by another handle than the one that writes
// it: that one is closed before the file gets its final name.
func take(f *os.File) (*os.File, error) {
	hold, got, err := lock(f.Name())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errSwept
	case err != nil:
		return nil, err
	case hold == nil:
		return nil, nil // nothing can be locked here
	case !got || !there(hold, f.Name()):
		hold.Close()
		return nil, errSwept
	}
	return hold, nil
}

// sweep removes a file that nobody has locked.
func sweep(path string) {
	f, got, err := lock(path)
	if err != nil || f == nil {
		return
	}
	defer f.Close()
	// It may have got its final name since it was listed.
	if got && there(f, path) {
		os.Remove(path)
	}
}

// lock opens and locks a file, and reports whether it got the lock. There is no file
// where the file system has no locks.
func lock(path string) (f *os.File, got bool, err error) {
	// No link is followed, and no pipe waited for, whoever made it.
	f, err = os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, false, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return f, false, nil
		case !errors.Is(err, syscall.EINTR):
			f.Close()
			return nil, false, nil
		}
	}
}
