package parsers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/text"
	"github.com/paytriage/paytriage/parsers/internal/unpack"
	"github.com/paytriage/paytriage/parsers/parquet"
)

// survey makes sources of the inputs, an archive being one for each of its
// members, and finds out how each is to be read.
func (l *loader) survey(ctx context.Context, inputs []Input) error {
	for _, in := range inputs {
		found, err := l.sourcesOf(in)
		if err != nil {
			return err
		}
		l.sources = append(l.sources, found...)
	}
	if len(l.sources) > event.MaxSources {
		return &InputError{inputs[0].Name, "and more than 65,535 other files", "join files, or give them in several runs"}
	}
	if err := l.recogniseAll(ctx); err != nil {
		return err
	}
	return l.nothing()
}

// recogniseAll finds out how each source is to be read, several at once. Of
// several errors it returns that of the first source; sources behind one that
// failed need not be looked at.
func (l *loader) recogniseAll(ctx context.Context) error {
	errs := make([]error, len(l.sources))
	var failed atomic.Int64 // the first source that did
	failed.Store(int64(len(errs)))
	_, err := event.Each(ctx, max(min(l.opt.Workers, len(l.sources)), 1), len(l.sources), func() []byte {
		return make([]byte, headSize)
	}, func(buf []byte, i int) error {
		s := l.sources[i]
		if s.info.Trouble != "" || int64(i) > failed.Load() {
			return nil // nothing of it can be read, or nothing will be
		}
		if err := l.recognise(ctx, s, buf); err != nil && !l.noLog(s, err) {
			errs[i] = err
			for old := failed.Load(); int64(i) < old && !failed.CompareAndSwap(old, int64(i)); old = failed.Load() {
			}
		}
		return nil
	})
	return cmp.Or(append(errs, err)...)
}

// noLog reports whether an error says that a source is no log at all, and notes
// that as its trouble: a picture among a hundred logs is no reason to read none.
// What may be a log under other names, and would be missed, is not passed over.
func (l *loader) noLog(s *source, err error) bool {
	var header *HeaderError
	var unknown *UnknownError
	switch {
	case errors.As(err, &header) && header.Problem == "" && len(header.Missing) < len(l.opt.required(s.input.Role)):
		return false
	case errors.As(err, &unknown) && unknown.Best != "":
		return false
	case header == nil && unknown == nil:
		return false
	}
	s.noLog = err
	s.info.Trouble = strings.TrimPrefix(err.Error(), s.input.Name+": ")
	return true
}

// nothing returns why there is nothing to read in a role, if none of its sources
// is a log.
func (l *loader) nothing() error {
	for _, s := range l.sources {
		same := func(o *source) bool { return o.input.Role == s.input.Role && o.noLog == nil && o.input.Problem == "" }
		if s.noLog != nil && !slices.ContainsFunc(l.sources, same) {
			return s.noLog
		}
	}
	return nil
}

// sourcesOf opens an input and returns what is to be read of it.
func (l *loader) sourcesOf(in Input) ([]*source, error) {
	s := &source{input: in, info: event.Source{Name: in.Name, Role: in.Role, Trouble: in.Problem}, limits: l.opt.limits(), cardKey: l.opt.CardKey}
	if in.Problem != "" {
		return []*source{s}, nil
	}
	f, err := s.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := s.begin(f); err != nil {
		return nil, err
	}
	var magic [4]byte
	n, _ := f.ReadAt(magic[:], 0)
	if !isZip(magic[:n]) {
		return []*source{s}, nil
	}
	members, err := unpack.Members(f, s.info.Bytes)
	if err != nil {
		s.info.Trouble = err.Error()
		return []*source{s}, nil
	}
	var all []*source
	whole := new(archive)
	for i := range members {
		m := *s
		m.member, m.stored = &members[i], whole
		m.info.Member = members[i].Name
		m.info.Name = in.Name + "!" + members[i].Name
		m.input.Name, m.named = m.info.Name, in.Name
		if members[i].Err != nil {
			m.info.Trouble = members[i].Err.Error()
		}
		all = append(all, &m)
	}
	if all == nil {
		return nil, &InputError{in.Name, "the archive holds no files", "leave it out"}
	}
	return all, nil
}

// limits returns what a packed source may cost. Whoever says how large it may
// become need not be asked about the ratio.
func (o *Options) limits() unpack.Limits {
	if o.MaxUnpacked > 0 {
		return unpack.Limits{MaxUnpacked: o.MaxUnpacked, MaxRatio: -1}
	}
	return unpack.Limits{}
}

// isZip reports whether a file that begins so is a zip archive, also an empty
// one or one that was split.
func isZip(head []byte) bool {
	return len(head) == 4 && head[0] == 'P' && head[1] == 'K' && (head[2] == 3 && head[3] == 4 || head[2] == 5 && head[3] == 6 || head[2] == 7 && head[3] == 8)
}

// recognise sets the format of a source. buf has room for its head.
func (l *loader) recognise(ctx context.Context, s *source, buf []byte) error {
	sc, all, err := l.look(ctx, s, buf)
	if err != nil {
		return err
	}
	if err := l.choose(s, sc, all); err != nil {
		return err
	}
	s.adopt(&all[0], l, sc.head)
	if best := &all[0]; best.unzoned && l.opt.Zones[s.input.Role] == nil {
		return &ZoneError{s.input.Name, s.input.Role, best.stamp}
	}
	return nil
}

// choose settles on the first of the ways to read a source, or says why none is
// sure enough.
func (l *loader) choose(s *source, sc *scout, all []candidate) error {
	best := &all[0]
	given, isGiven := l.opt.Profiles[s.input.Role]
	switch {
	case isGiven && given != nil && len(best.missing) > 0:
		return &UnknownError{s.input.Name, "is not what --profile " + given.Profile.Name + " says",
			"it lacks " + strings.Join(clipped(best.missing), ", ")}
	case isGiven:
	case best.Confidence == 0 && bytes.IndexByte(sc.head[:min(len(sc.head), textHead)], 0) >= 0:
		return &UnknownError{s.input.Name, "is no log: it holds bytes that no text has", ""}
	case best.Confidence == 0 && best.Syntax == Delimited && best.nearNeutral(all):
		// A neutral header that lacks something says so itself.
		best.Format.Profile, best.Format.Root = nil, ""
	case best.Confidence < Sure:
		return &UnknownError{s.input.Name, "its format is not known", nearest(all)}
	case best.Profile != nil && best.currencyless > 0 && best.currencyless == best.ok && l.opt.Currency == 0:
		return &CurrencyError{s.input.Name}
	case len(all) > 1 && best.Profile != nil && best.close(&all[1]):
		return &UnknownError{s.input.Name, "its format is not certain", fmt.Sprintf("it may be %s or %s", best.Name(), all[1].Name())}
	}
	return nil
}

// A CurrencyError says that nothing in a source says the currency of its amounts,
// and no option does.
type CurrencyError struct{ Source string }

func (e *CurrencyError) Error() string {
	return e.Source + ": nothing says the currency of its amounts"
}

// adopt takes a format for the source, which begins with head.
func (s *source) adopt(c *candidate, l *loader, head []byte) {
	s.format = c.Format
	s.format.Encoding, s.format.Packing, s.format.Parquet = s.encoding.String(), s.info.Compression, s.parquet
	s.cols = s.format.columns(s.input.Role)
	if s.parquet {
		s.project(head)
	}
	s.info.Format = s.describe()
	if s.format.Profile != nil && s.format.Profile.Profile.Syntax == "lines" && l.opt.Year == 0 {
		s.info.Notes = append(s.info.Notes, "stamps without a year are taken to lie in the year before the date of the file, "+
			s.stat.ModTime().UTC().Format("2006-01-02"))
	}
	if s.format.Profile != nil && s.format.Profile.Cards() && len(l.opt.CardKey) == 0 {
		s.info.Notes = append(s.info.Notes, "card numbers became tokens without a secret, so that whoever guesses a number can check the guess; --card-key gives one")
	}
}

// project picks the columns of a Parquet file that are needed. The others are
// not read at all.
func (s *source) project(head []byte) {
	names, _ := header(s.format, head)
	used := map[string]bool{}
	for _, p := range s.format.paths(s.input.Role) {
		column, _, _ := strings.Cut(p, jsonMark)
		used[foldName(column)], used[foldName(p)] = true, true
	}
	for _, n := range names {
		if used[foldName(n)] {
			s.wanted = append(s.wanted, n)
		} else {
			s.info.Extra = append(s.info.Extra, n)
		}
	}
}

// describe names the format where it is not the plain one.
func (s *source) describe() string {
	f := &s.format
	if f.bare() && f.Delimiter == ',' && !f.Parquet && s.encoding == text.UTF8 {
		return ""
	}
	words := []string{f.Name(), f.Syntax.String()}
	if f.Parquet {
		words[1] = "Parquet"
	}
	if s.encoding != text.UTF8 {
		words = append(words, s.encoding.String())
	}
	if f.Profile != nil && f.Name() == Neutral {
		words = append(words, f.Profile.Profile.Title[len("the neutral schema, "):])
	}
	return strings.Join(words, ", ")
}

// textHead is how much of a file must be text, in bytes, for it to be taken for a
// log.
const textHead = 4 << 10

// nearNeutral reports whether no profile is nearer to a source than the neutral
// schema.
func (c *candidate) nearNeutral(all []candidate) bool {
	near := nearestOf(all)
	return near == nil || near.Profile == nil
}

// nearest says what a source looks most like, if it looks like anything: half of
// the fields are there, or half of the rows are understood.
func nearest(all []candidate) string {
	best := nearestOf(all)
	switch {
	case best == nil:
		return ""
	case len(best.missing) > 0:
		return "it looks most like " + best.Name() + ", but lacks " + strings.Join(clipped(best.missing), ", ")
	case best.ok > 0:
		return fmt.Sprintf("it looks most like %s, but of %d rows of a sample only %d are understood; the first fault: %s",
			best.Name(), best.ok+best.faults, best.ok, best.fault.String())
	}
	return ""
}

func nearestOf(all []candidate) (best *candidate) {
	for i := range all {
		c := &all[i]
		if c.needs > 0 && 2*len(c.missing) <= c.needs && (best == nil || len(c.missing)*best.needs < len(best.missing)*c.needs) {
			best = c
		}
	}
	return best
}

// String returns the fault with its column.
func (f fault) String() string {
	if f.column < event.NumFields {
		return f.column.String() + ": " + f.reason
	}
	return f.reason
}

// look reads the head of a source into buf and returns the ways to read it.
func (l *loader) look(ctx context.Context, s *source, buf []byte) (*scout, []candidate, error) {
	f, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	head, whole, err := s.peek(ctx, f, buf)
	if err != nil {
		return nil, nil, err
	}
	given, isGiven := l.opt.Profiles[s.input.Role]
	sc := &scout{role: s.input.Role, head: head, whole: whole, opt: &l.opt, given: isGiven, profile: given}
	return sc, sc.candidates(), nil
}

// peek returns the first bytes of the text of a source, which may stand in buf,
// and whether they are all of it. It finds out the packing and the encoding.
func (s *source) peek(ctx context.Context, f logFile, buf []byte) (head []byte, whole bool, err error) {
	var magic [4]byte
	if n, _ := f.ReadAt(magic[:], 0); s.member == nil && parquet.Is(magic[:n]) {
		s.parquet = true
	}
	r, err := s.raw(ctx, &tap{ctx: ctx, f: f})
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	head, whole, err = readHead(r, buf)
	if err != nil {
		return nil, false, err
	}
	enc, _, why := text.Detect(head, whole)
	s.encoding, s.encodingWhy = enc, why
	if enc == text.UTF8 {
		if rest, marked := bytes.CutPrefix(head, bom); marked && looksLikeJSON(rest) {
			head = append([]byte("   "), rest...)
		}
		return head, whole, nil
	}
	// A character may be cut off at the end of the head; the last record is
	// not looked at anyway.
	decoded, err := io.ReadAll(text.NewReader(strings.NewReader(string(head)), enc))
	return decoded, whole, err
}

// readHead reads up to headSize bytes into buf. What cannot be read any more is
// left to whoever reads it all.
func readHead(r io.Reader, buf []byte) (head []byte, whole bool, err error) {
	n, err := io.ReadFull(r, buf[:headSize])
	if errors.Is(err, context.Canceled) {
		return nil, false, err
	}
	return buf[:n], err != nil, nil
}
