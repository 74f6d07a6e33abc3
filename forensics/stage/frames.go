package stage

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame is a head of three numbers and the bytes of a block: the number of the
// data set, the key, the length, each in four bytes, the lowest first. Of what a
// stage gives, set 0 is its results; Request.Out begins at 1.
const headSize = 12

// done is the set of the last frame that a stage writes.
const done = 1<<32 - 1

// MaxBlock is the most bytes that a block may have.
const MaxBlock = 1 << 30

// Serve runs a stage over the frames of in, of which those of a key come
// together, and writes what it gives to out. Sets is how many data sets come in.
func Serve(name string, config []byte, sets int, in io.Reader, out io.Writer) error {
	f, err := Start(name, config)
	if err != nil {
		return err
	}
	s := &server{do: f, in: bufio.NewReaderSize(in, 1<<16), out: bufio.NewWriterSize(out, 1<<16), blocks: make([][][]byte, sets)}
	if err := s.serve(); err != nil {
		return fmt.Errorf("stage %s: %w", name, err)
	}
	return nil
}

// A server runs a stage for one key after the other.
type server struct {
	do     Func
	in     *bufio.Reader
	out    *bufio.Writer
	key    int
	any    bool // a block of the key came
	blocks [][][]byte
}

func (s *server) serve() error {
	for {
		set, key, data, err := ReadFrame(s.in)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if set < 0 || set >= len(s.blocks) {
			return fmt.Errorf("a block of data set %d, of %d", set, len(s.blocks))
		}
		if s.any && key != s.key {
			if err := s.run(); err != nil {
				return err
			}
		}
		s.key, s.any = key, true
		s.blocks[set] = append(s.blocks[set], data)
	}
	if s.any {
		if err := s.run(); err != nil {
			return err
		}
	}
	if err := WriteFrame(s.out, done, 0, nil); err != nil {
		return err
	}
	return s.out.Flush()
}

// run runs the stage for the key at hand.
func (s *server) run() error {
	result, err := s.do(s.key, s.blocks, func(set, key int, data []byte) error {
		return WriteFrame(s.out, set+1, key, data)
	})
	if err != nil {
		return err
	}
	for i := range s.blocks {
		clear(s.blocks[i])
		s.blocks[i] = s.blocks[i][:0]
	}
	return WriteFrame(s.out, 0, s.key, result)
}

// WriteFrame writes a block.
func WriteFrame(w io.Writer, set, key int, data []byte) error {
	if len(data) > MaxBlock {
		return fmt.Errorf("a block of %d bytes; the most is %d", len(data), MaxBlock)
	}
	var head [headSize]byte
	binary.LittleEndian.PutUint32(head[0:], uint32(set))
	binary.LittleEndian.PutUint32(head[4:], uint32(key))
	binary.LittleEndian.PutUint32(head[8:], uint32(len(data)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// ReadFrame reads a block, io.EOF where there is none.
func ReadFrame(r io.Reader) (set, key int, data []byte, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = errCut
		}
		return 0, 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[8:])
	if n > MaxBlock {
		return 0, 0, nil, fmt.Errorf("a block of %d bytes; the most is %d", n, MaxBlock)
	}
	if data, err = readN(r, int(n)); err != nil {
		return 0, 0, nil, err
	}
	return int(binary.LittleEndian.Uint32(head[0:])), int(binary.LittleEndian.Uint32(head[4:])), data, nil
}

// readN reads n bytes. Memory is asked for as they come: a length may lie.
func readN(r io.Reader, n int) ([]byte, error) {
	const step = 1 << 22
	data := make([]byte, min(n, step))
	for at := 0; ; {
		if _, err := io.ReadFull(r, data[at:]); err != nil {
			return nil, errCut
		}
		if at = len(data); at == n {
			return data, nil
		}
		data = append(data, make([]byte, min(n-at, at))...)
	}
}

var errCut = errors.New("the blocks end in the middle of one")
