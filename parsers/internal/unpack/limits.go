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

	// maxWindow is the largest zstd window or xz dictionary that is given
	// memory: as much as the zstd program takes without being asked
	// (--long=27), and twice what xz -9 uses.
	maxWindow = 128 << 20

	// maxMembers is how many entries a zip archive may have.
	maxMembers = 10_000
)

// Limits are what a source may cost. The zero Limits allow any size at
// DefaultMaxRatio.
type Limits struct {
	// MaxUnpacked is how many bytes may be delivered, 0 for any number.
	MaxUnpacked int64
	// MaxRatio is how many bytes, of any layer, may come from one byte of the
	// source, judged once 64 MiB of the layer are unpacked; 0 is
	// DefaultMaxRatio, less than 0 is any number. The text of a *LimitError
	// says that --max-unpacked lifts it: whoever sets MaxUnpacked because
	// someone asked for it should set this to -1, too.
	MaxRatio int
}

// A Cap is one of the things that are limited.
type Cap uint8

// The caps. Two are not in Limits: WindowCap is the memory that a zstd frame
// or an xz block may ask for, 128 MiB, and MemberCap is how many entries a zip
// archive may have, 10,000.
const (
	SizeCap Cap = iota + 1
	RatioCap
	WindowCap
	MemberCap
)

// A LimitError says that a source was not read to its end because it would
// have cost too much.
type LimitError struct {
	Cap    Cap
	Limit  int64 // bytes, bytes for one stored byte, or members
	Offset int64 // how many unpacked bytes were delivered before
}

// Error says which cap was met and where, and what can be done.
func (e *LimitError) Error() string {
	switch e.Cap {
	case SizeCap:
		return fmt.Sprintf("unpacks to more than the limit of %d bytes: raise it with --max-unpacked", e.Limit)
	case RatioCap:
		return fmt.Sprintf("unpacks to more than %d times its size (seen after %d bytes): "+
			"if it is meant to, say with --max-unpacked how large it may become", e.Limit, e.Offset)
	case MemberCap:
		return fmt.Sprintf("holds more than %d members: unpack it first", e.Limit)
	}
	return fmt.Sprintf("asks for more than %d bytes of memory to be unpacked (after %d unpacked bytes): "+
		"unpack it first", e.Limit, e.Offset)
}

// A DamageError says that compressed data is cut off or does not follow its
// format. Everything before Offset was delivered. Rows near Offset deserve
// doubt: a wrong byte may show only some bytes later, or only in the checksum
// of a whole member or frame.
type DamageError struct {
	Kind   string // of the damaged layer and those around it: "gzip", "zip+xz"
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
	Format string // "zip", "7-zip", "gzip+lz4", …
}

// Error names the format.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s files cannot be read: unpack it first", e.Format)
}
