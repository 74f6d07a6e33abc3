package parsers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/jsonl"
	"github.com/paytriage/paytriage/parsers/profile"
)

// texts reads records again. Rows hold no text, and of the millions that are
// judged only thousands are reported.
type texts struct {
	sources []*source
	opt     *Options
	// owners are rows that name the account of a row that names none itself.
	owners map[event.Pos]event.Pos
}

// read implements event.Log.Text.
func (t texts) read(ctx context.Context, rows []event.Pos) ([]event.Text, error) {
	out := make([]event.Text, len(rows))
	err := t.visit(ctx, rows, func(i int, line int64, _ []byte, v *fields) {
		out[i].Line = line
		for f := range v {
			out[i].Fields[f] = string(v[f])
		}
	})
	if err != nil || len(t.owners) == 0 {
		return out, err
	}
	return out, t.accounts(ctx, rows, out)
}

// accounts fills in the account of rows that name none, from the row that does.
func (t texts) accounts(ctx context.Context, rows []event.Pos, out []event.Text) error {
	var named []event.Pos
	var of []int
	for i, pos := range rows {
		if owner, ok := t.owners[pos]; ok {
			named, of = append(named, owner), append(of, i)
		}
	}
	return t.visit(ctx, named, func(i int, _ int64, _ []byte, v *fields) {
		out[of[i]].Fields[event.AccountID] = string(v[event.AccountID])
	})
}

// seer is called with a row: its index among those asked for, its line, its
// record as it stands, and its fields.
type seer func(i int, line int64, raw []byte, v *fields)

// visit calls see for each of rows, in the order in which they stand in the
// sources.
func (t texts) visit(ctx context.Context, rows []event.Pos, see seer) error {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rows[a], rows[b]) })
	for len(order) > 0 {
		n := 1
		for n < len(order) && rows[order[n]].Source() == rows[order[0]].Source() {
			n++
		}
		s := t.sources[rows[order[0]].Source()]
		if err := s.visit(ctx, t.opt, rows, order[:n], see); err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

// visit is texts.visit for the rows of one source.
func (s *source) visit(ctx context.Context, opt *Options, rows []event.Pos, order []int, see seer) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.changed(f); err != nil {
		return err
	}
	w := &rereader{s: s, at: f}
	if w.decoder, err = s.format.decoder(s.input.Role, s.cols, opt.env(s.input.Role, s)); err != nil {
		return err
	}
	if !s.direct() {
		r, err := s.stream(ctx, &tap{ctx: ctx, f: f})
		if err != nil {
			return err
		}
		defer r.Close()
		w.at, w.stream = nil, r
	}
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.row(rows[i], func(line int64, raw []byte, v *fields) { see(i, line, raw, v) }); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &InputError{s.input.Name, "could not be read again: " + reason(err), "run again when nothing writes to it any more"}
		}
	}
	return s.changed(f)
}

// A rereader finds rows again, at rising positions.
type rereader struct {
	*decoder
	s      *source
	at     logFile   // a file whose bytes are the text
	stream io.Reader // or the text of any other
	read   int64     // bytes taken of stream
	mark   int       // of the block in buf
	loaded bool
	buf    []byte
}

// row calls see with the row at a position.
func (r *rereader) row(at event.Pos, see func(line int64, raw []byte, v *fields)) error {
	offset := at.Offset()
	n, found := slices.BinarySearchFunc(r.s.marks, offset, func(m *mark, o int64) int { return cmp.Compare(m.offset, o) })
	if !found {
		n--
	}
	m := r.s.marks[n]
	within := offset - m.offset
	piece := within / pieceSize * pieceSize
	for want := int64(2 * pieceSize); ; want = m.length {
		data, err := r.bytes(n, piece, min(piece+want, m.length))
		if err != nil {
			return err
		}
		whole := piece+int64(len(data)) == m.length
		skip := int(within - piece)
		r.reset(data[skip:], nil)
		if r.s.format.Syntax.isJSON() {
			end, ok := jsonl.End(data[skip:])
			if !ok && !whole {
				continue
			}
			r.reset(data[skip:], []jsonl.Span{{Lo: 0, Hi: end}})
		}
		if !r.Next() {
			return errors.New("a record is gone")
		}
		if whole || r.End() < len(data)-skip {
			v, ok := r.find(at.Sub())
			if !ok {
				return errors.New("a record is not what it was")
			}
			see(m.lineAt(within, data[:skip]), r.Raw(), v)
			return nil
		}
	}
}

// find returns row sub of the record at hand.
func (r *rereader) find(sub int) (*fields, bool) {
	v := new(fields)
	for r.fault() == "" {
		res := r.begin()
		rows := r.rows()
		if r.sub() == sub/rows {
			if res.What != profile.Event {
				return nil, false
			}
			res = r.decoder.row(sub%rows, v)
			return v, res.What == profile.Event
		}
		if !r.Next() || r.Offset() > 0 {
			break
		}
	}
	return nil, false
}

// bytes returns the bytes from..to of block n. They are valid until the next
// call.
func (r *rereader) bytes(n int, from, to int64) ([]byte, error) {
	m := r.s.marks[n]
	if r.at != nil {
		r.buf = slices.Grow(r.buf[:0], int(to-from))[:to-from]
		_, err := r.at.ReadAt(r.buf, m.offset+from)
		return r.buf, err
	}
	if !r.loaded || r.mark != n {
		if _, err := io.CopyN(io.Discard, r.stream, m.offset-r.read); err != nil {
			return nil, err
		}
		r.buf = slices.Grow(r.buf[:0], int(m.length))[:m.length]
		if _, err := io.ReadFull(r.stream, r.buf); err != nil {
			return nil, err
		}
		r.read, r.mark, r.loaded = m.offset+m.length, n, true
	}
	return r.buf[from:to], nil
}

// rejects draws up the rejected records of all sources.
func (l *loader) rejects(ctx context.Context, t texts, conflicts []conflict, lost []orphan) ([]event.Reject, error) {
	n := len(conflicts) + len(lost)
	for _, w := range l.workers {
		n += len(w.rejects)
	}
	all := slices.Grow([]event.Reject(nil), n)
	for _, w := range l.workers {
		for _, r := range w.rejects {
			r.Line = r.mark.line + r.within
			all = append(all, r.Reject)
		}
		w.rejects = nil
	}
	more, err := l.conflicting(ctx, t, conflicts)
	if err != nil {
		return nil, err
	}
	all = append(all, more...)
	if more, err = l.lost(ctx, t, lost); err != nil {
		return nil, err
	}
	all = append(all, more...)
	name := func(r *event.Reject) string { return l.sources[r.Pos.Source()].input.Name }
	slices.SortFunc(all, func(a, b event.Reject) int {
		return cmp.Or(cmp.Compare(name(&a), name(&b)), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Raw, b.Raw), cmp.Compare(a.Pos, b.Pos))
	})
	return all, nil
}

// manyOthers is how many contradicting rows a reject names.
const manyOthers = 8

// conflicting rejects rows that contradict each other, each naming the others.
func (l *loader) conflicting(ctx context.Context, t texts, conflicts []conflict) ([]event.Reject, error) {
	slices.SortFunc(conflicts, func(a, b conflict) int {
		return cmp.Or(cmp.Compare(a.txn, b.txn), cmp.Compare(a.pos, b.pos))
	})
	rows := make([]event.Pos, len(conflicts))
	for i, c := range conflicts {
		rows[i] = c.pos
	}
	out, ids := make([]event.Reject, len(rows)), make([]string, len(rows))
	err := t.visit(ctx, rows, func(i int, line int64, raw []byte, v *fields) {
		out[i] = event.Reject{Pos: rows[i], Line: line, Column: event.TxnID.String(),
			Reason: "rows with this txn_id contradict each other", Raw: t.sources[rows[i].Source()].rawText(raw)}
		ids[i] = string(v[event.TxnID])
	})
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(conflicts); {
		j := i
		for j < len(conflicts) && conflicts[j].txn == conflicts[i].txn {
			if ids[j] != ids[i] {
				return nil, fmt.Errorf("the transaction ids %q and %q have one key; rename one of them", event.Masked(ids[i]), event.Masked(ids[j]))
			}
			j++
		}
		for k := i; k < j; k++ {
			out[k].Others = l.others(out[i:j], k-i)
		}
		i = j
	}
	return out, nil
}

// others names where the rows of a group stand, without its own.
func (l *loader) others(group []event.Reject, own int) string {
	var names []string
	for i := range group {
		if i == own {
			continue
		}
		if len(names) == manyOthers {
			names = append(names, fmt.Sprintf("and %d more", len(group)-1-manyOthers))
			break
		}
		r := &group[i]
		names = append(names, fmt.Sprintf("%s:%d", l.sources[r.Pos.Source()].input.Name, r.Line))
	}
	return strings.Join(names, "; ")
}
