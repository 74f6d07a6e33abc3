package parsers

import (
	"context"

	"github.com/paytriage/paytriage/parsers/internal/block"
)

// Split reads the inputs as Load does, with the same readers and workers, but
// only as far as the fields: every byte is hashed, unpacked and cut, every
// record split, and all is forgotten. It returns how many records there are.
// Nothing that Load does can be quicker, so that benchmarks hold Load against it.
func Split(ctx context.Context, inputs []Input, opt Options) (records int64, err error) {
	opt.Workers = max(opt.Workers, 1)
	l := &loader{opt: opt, blockSize: block.Size, parts: 1, splitOnly: true}
	if err := l.survey(ctx, inputs); err != nil {
		return 0, err
	}
	if err := l.read(ctx, l.all()); err != nil {
		return 0, err
	}
	if err := l.nothing(); err != nil {
		return 0, err
	}
	for _, w := range l.workers {
		for _, t := range w.tallies {
			records += t.read
		}
	}
	return records, nil
}

// split counts the records of a block.
func (w *worker) split(j *job) error {
	data := j.block.Data
	if !j.ready {
		return nil // blank lines before the header
	}
	if skip := j.body - j.block.Offset; skip > 0 {
		data = data[min(skip, int64(len(data))):]
	}
	t := &w.tallies[j.source]
	if j.block.Broken != "" {
		t.read++
		return nil
	}
	r, err := w.readerOf(j)
	if err != nil {
		return err
	}
	r.reset(data, j.block.spans)
	for r.Next() {
		t.read++
	}
	return nil
}
