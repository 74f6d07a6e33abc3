package unpack

import "fmt"

// DefaultMaxRatio is the ratio of unpacked to stored bytes that is allowed
// where Limits does not say. Logs pack to a fifth or a fiftieth; the most that
// gzip can do is 1032 to 1.
const DefaultMaxRatio = 1000

const (
	// ratioFloor is how much must have been unpacked before the ratio is
	// judged: less does no harm.
	ratioFloor = 64 << 20

	// maxWindow is the largest zstd window that is given memory: as much as
	// the zstd program takes without being asked (--long=27).
	maxWindow = 128 << 20
)

// Limits are what a source may cost. The zero Limits allow any size at
// DefaultMaxRatio.
type Limits struct {
	// MaxUnpacked is how many bytes may be delivered, 0 for any number.
	MaxUnpacked int64
	// MaxRatio is how many bytes may come from one stored byte, judged once 64
	// MiB are unpacked; 0 is DefaultMaxRatio, less than 0 is any number.
	MaxRatio int
}

// A Cap is one of the things that are limited.
type Cap uint8

// The caps. WindowCap is not in Limits: it is the memory that a zstd frame may
// ask for, 128 MiB.
const (
	SizeCap Cap = iota + 1
	RatioCap
	WindowCap
)

// A LimitError says that a source was not read to its end because it would
// have cost too much.
type LimitError struct {
	Cap    Cap
	Limit  int64 // bytes, or bytes for one stored byte
	Offset int64 // how many unpacked bytes were delivered before
}

// Error says which cap was met, and where.
func (e *LimitError) Error() string {
	switch e.Cap {
	case SizeCap:
		return fmt.Sprintf("unpacks to more than the limit of %d bytes", e.Limit)
	case RatioCap:
		return fmt.Sprintf("unpacks to more than %d times its size (seen after %d bytes)", e.Limit, e.Offset)
	}
	return fmt.Sprintf("a zstd frame asks for a window of more than %d bytes (after %d unpacked bytes)", e.Limit, e.Offset)
}

// A DamageError says that compressed data is cut off or does not follow its
// format. Everything before Offset was delivered. Rows near Offset deserve
// doubt: a wrong byte may show only some bytes later, or only in the checksum
// of a whole member or frame.
type DamageError struct {
	Kind   string // Gzip or Zstd
	Offset int64  // how many unpacked bytes were delivered before
	Err    error  // what is wrong; io.ErrUnexpectedEOF if the data is cut off
}

// Error says what is wrong, and where.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s data is damaged after %d unpacked bytes: %v", e.Kind, e.Offset, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamageError) Unwrap() error { return e.Err }

// An UnsupportedError names the format of a source that cannot be read yet.
type UnsupportedError struct {
	Format string // "xz", "bzip2", "zip", …
}

// Error names the format.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s files cannot be read: unpack it first", e.Format)
}
