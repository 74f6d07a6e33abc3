package lines

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// A program is a regular expression, made ready to be matched without
// allocating: package regexp allocates a slice for every match with groups. It
// finds what package regexp finds, the leftmost match, of those the first.
type program struct {
	re       *regexp.Regexp
	insts    []inst
	start    uint32
	memos    int    // how many instructions have a memo
	prefix   []byte // what every match begins with
	anchored bool   // every match begins where the text does
}

// An inst is an instruction of a program.
type inst struct {
	op       op
	out, arg uint32
	memo     int32     // number of an instruction that is reached from several, or -1
	ascii    [2]uint64 // opRune: the letters below 0x80; opAlt: those before which arg can do anything
	class    *syntax.Inst
	text     string // opText
}

type op uint8

const (
	opFail  op = iota
	opRune     // one rune of a class
	opText     // letters
	opAlt      // out, or else arg
	opGroup    // the position is the one numbered arg
	opEmpty    // a condition between two runes
	opMatch
)

// maxInsts is the largest program that is accepted: time is at most in
// proportion to it.
const maxInsts = 10_000

// compile returns the program of a regular expression in which only the groups
// that are wanted are noted.
func compile(expr string, wanted func(group string) bool) (*program, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	code, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(code.Inst) > maxInsts {
		return nil, fmt.Errorf("it has %d steps, more than %d", len(code.Inst), maxInsts)
	}
	prefix, _ := code.Prefix()
	p := &program{
		re: re, insts: make([]inst, len(code.Inst)), prefix: []byte(prefix),
		anchored: code.StartCond()&syntax.EmptyBeginText != 0,
	}
	names := re.SubexpNames()
	skip := func(pc uint32) uint32 {
		for {
			in := &code.Inst[pc]
			if in.Op != syntax.InstNop && (in.Op != syntax.InstCapture || wanted(names[in.Arg/2])) {
				return pc
			}
			pc = in.Out
		}
	}
	p.start = skip(uint32(code.Start))
	for pc := range code.Inst {
		p.insts[pc] = translate(&code.Inst[pc], skip)
	}
	p.memoize()
	p.join()
	p.foresee()
	return p, nil
}

// translate returns an instruction that goes on where skip says.
func translate(from *syntax.Inst, skip func(uint32) uint32) inst {
	in := inst{memo: -1, arg: from.Arg, class: from}
	switch from.Op {
	case syntax.InstMatch:
		in.op = opMatch
		return in
	case syntax.InstAlt, syntax.InstAltMatch:
		in.op, in.arg = opAlt, skip(from.Arg)
	case syntax.InstCapture:
		in.op = opGroup
	case syntax.InstEmptyWidth:
		in.op = opEmpty
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		in.op = opRune
		for c := range rune(utf8.RuneSelf) {
			if from.MatchRune(c) {
				in.ascii[c/64] |= 1 << (c % 64)
			}
		}
	default: // no way on
		return in
	}
	in.out = skip(from.Out)
	return in
}

// memoize numbers the instructions that are reached from several others. To be
// twice at the same place of the text with one of them is to fail again, and
// any that is reached from one other only is there no more often than that: so
// the time is at most the length of the program times that of the text.
func (p *program) memoize() {
	reached := make([]int, len(p.insts))
	reached[p.start]++
	for i := range p.insts {
		switch in := &p.insts[i]; in.op {
		case opAlt:
			reached[in.arg]++
			reached[in.out]++
		case opRune, opGroup, opEmpty:
			reached[in.out]++
		}
	}
	for i, n := range reached {
		if n > 1 {
			p.insts[i].memo = int32(p.memos)
			p.memos++
		}
	}
}

// join makes one instruction of those that match one letter after the other.
func (p *program) join() {
	inner := make([]bool, len(p.insts))
	for i := range p.insts {
		in := &p.insts[i]
		_, ok := in.letter()
		_, then := p.insts[in.out].letter()
		inner[in.out] = inner[in.out] || ok && then && p.insts[in.out].memo < 0
	}
	for i := range p.insts {
		in := &p.insts[i]
		r, ok := in.letter()
		if !ok || inner[i] {
			continue
		}
		text := utf8.AppendRune(nil, r)
		for inner[in.out] {
			r, _ = p.insts[in.out].letter()
			text = utf8.AppendRune(text, r)
			in.out = p.insts[in.out].out
		}
		in.op, in.text = opText, string(text)
	}
}

// foresee notes for each alternative what the second way can begin with, so
// that it need not be gone where that is something else.
func (p *program) foresee() {
	for i := range p.insts {
		in := &p.insts[i]
		if in.op != opAlt {
			continue
		}
		then := &p.insts[in.arg]
		for then.op == opGroup {
			then = &p.insts[then.out]
		}
		switch {
		case then.op == opRune:
			in.ascii = then.ascii
		case then.op == opText && then.text[0] < utf8.RuneSelf:
			in.ascii[then.text[0]/64] = 1 << (then.text[0] % 64)
		default:
			in.ascii = [2]uint64{math.MaxUint64, math.MaxUint64}
		}
	}
}

// letter returns the rune that is the only one to match. A rune that stands
// for broken text is none: it has no one form.
func (in *inst) letter() (rune, bool) {
	if in.op != opRune || len(in.class.Rune) != 1 || in.class.Rune[0] == utf8.RuneError {
		return 0, false
	}
	return in.class.Rune[0], syntax.Flags(in.class.Arg)&syntax.FoldCase == 0
}

// A matcher matches programs with texts, in memory that it keeps.
type matcher struct {
	// groups is where the groups of the last match begin and end, -1 for
	// those that took no part in it.
	groups  []int
	visited []uint64 // by memo and place in the text
	jobs    []job
}

// A job is what to try when nothing else matches: to go on at pos with the
// instruction pc, or to set a group back to pos.
type job struct {
	pc    uint32
	group int32 // or -1
	pos   int
}

// maxVisited is the most bits of visited. For longer texts package regexp is
// asked, which needs little memory for them but allocates.
const maxVisited = 1 << 18

// match reports whether the program matches somewhere in the text.
func (m *matcher) match(p *program, text []byte) bool {
	size := p.memos * (len(text) + 1)
	if size > maxVisited {
		m.groups = append(m.groups[:0], p.re.FindSubmatchIndex(text)...)
		return len(m.groups) > 0
	}
	m.visited = slices.Grow(m.visited[:0], size/64+1)[:size/64+1]
	clear(m.visited)
	m.groups = m.groups[:0]
	for range 2 * (p.re.NumSubexp() + 1) {
		m.groups = append(m.groups, -1)
	}
	if p.anchored {
		return m.matchAt(p, text, 0)
	}
	for at := 0; at <= len(text); {
		n := bytes.Index(text[at:], p.prefix)
		if n < 0 {
			return false
		}
		at += n
		if m.matchAt(p, text, at) {
			return true
		}
		_, width := utf8.DecodeRune(text[at:])
		at += max(width, 1)
	}
	return false
}

// matchAt reports whether the program matches from text[at] on.
func (m *matcher) matchAt(p *program, text []byte, at int) bool {
	m.jobs = append(m.jobs[:0], job{p.start, -1, at})
	for len(m.jobs) > 0 {
		j := m.jobs[len(m.jobs)-1]
		m.jobs = m.jobs[:len(m.jobs)-1]
		if j.group >= 0 {
			m.groups[j.group] = j.pos
			continue
		}
		if end := m.follow(p, text, j.pc, j.pos); end >= 0 {
			m.groups[0], m.groups[1] = at, end
			return true
		}
	}
	return false
}

// follow goes on from an instruction until there is a match or no way on, and
// returns where the match ends, or -1. What else could be done on the way
// becomes jobs.
func (m *matcher) follow(p *program, text []byte, pc uint32, pos int) int {
	for {
		in := &p.insts[pc]
		if in.memo >= 0 && m.seen(int(in.memo)*(len(text)+1)+pos) {
			return -1
		}
		switch in.op {
		case opRune:
			width := in.matchRune(text[pos:])
			if width == 0 {
				return -1
			}
			pos += width
		case opText:
			if len(text)-pos < len(in.text) || string(text[pos:pos+len(in.text)]) != in.text {
				return -1
			}
			pos += len(in.text)
		case opAlt:
			if pos == len(text) || text[pos] >= utf8.RuneSelf || in.hasASCII(text[pos]) {
				m.jobs = append(m.jobs, job{in.arg, -1, pos})
			}
		case opGroup:
			m.jobs = append(m.jobs, job{0, int32(in.arg), m.groups[in.arg]})
			m.groups[in.arg] = pos
		case opEmpty:
			if !in.matchEmpty(text, pos) {
				return -1
			}
		case opMatch:
			return pos
		default:
			return -1
		}
		pc = in.out
	}
}

// seen notes a place and reports whether it was noted before.
func (m *matcher) seen(n int) bool {
	bit := uint64(1) << (n % 64)
	if m.visited[n/64]&bit != 0 {
		return true
	}
	m.visited[n/64] |= bit
	return false
}

// matchRune returns the length of the rune that text begins with if it is of
// the class, or 0.
func (in *inst) matchRune(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	if c := text[0]; c < utf8.RuneSelf {
		if in.hasASCII(c) {
			return 1
		}
		return 0
	}
	r, width := utf8.DecodeRune(text)
	if !in.class.MatchRune(r) {
		return 0
	}
	return width
}

func (in *inst) hasASCII(c byte) bool { return in.ascii[c/64]>>(c%64)&1 != 0 }

// matchEmpty reports whether the condition holds at text[pos]. Conditions ask
// for line ends and ASCII letters only, so bytes do for runes.
func (in *inst) matchEmpty(text []byte, pos int) bool {
	before, after := rune(-1), rune(-1)
	if pos > 0 {
		before = rune(text[pos-1])
	}
	if pos < len(text) {
		after = rune(text[pos])
	}
	want := syntax.EmptyOp(in.arg)
	return syntax.EmptyOpContext(before, after)&want == want
}
