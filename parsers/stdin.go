package parsers

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/paytriage/paytriage/forensics/tempfile"
)

// Stdin is standard input and where it is spooled to.
type Stdin struct {
	From io.Reader
	Dir  string // "" for the system's folder of temporary files

	// Named keeps the name of the file: other processes are to read it. Without
	// it nothing is left when the program ends, however it ends; with it, or on a
	// system where an open file keeps its name, SweepStdin removes what a run left
	// that was killed.
	Named bool
}

// spoolPrefix begins the names of spooled inputs.
const spoolPrefix = "paytriage-stdin-"

// A spool is a file that holds what came from standard input. Only its owner can
// read it.
type spool struct {
	file  *tempfile.File
	named bool
}

// spool copies standard input to a file.
func (s *Stdin) spool() (*spool, error) {
	f, err := tempfile.Create(s.Dir, spoolPrefix+"*", 0o600)
	if err != nil {
		return nil, err
	}
	out := &spool{file: f, named: s.Named || !f.Unname()}
	if _, err := io.Copy(f, s.From); err != nil {
		return nil, errors.Join(err, out.discard())
	}
	return out, nil
}

// open returns the file for one more reader of it.
func (s *spool) open() (logFile, error) {
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	return &spooled{s.file.View(info.Size()), s.file.File}, nil
}

// discard removes the file. Whoever reads it then gets an error.
func (s *spool) discard() error {
	err := s.file.Close()
	if s.named {
		os.Remove(s.file.Name()) // it may be gone
	}
	s.file.Release()
	return err
}

// spooled is a spool as one of its readers sees it.
type spooled struct {
	*io.SectionReader
	file *os.File
}

func (s *spooled) Stat() (os.FileInfo, error) { return s.file.Stat() }
func (s *spooled) Close() error               { return nil } // others read it too

// SweepStdin removes from a folder, "" for the system's folder of temporary files,
// what runs spooled there that were killed.
func SweepStdin(dir string) {
	if dir == "" {
		dir = os.TempDir()
	}
	tempfile.Sweep(dir, func(name string) bool { return strings.HasPrefix(name, spoolPrefix) })
}
