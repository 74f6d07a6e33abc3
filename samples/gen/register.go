package gen

import "strconv"

// Registers and who works at them, for worlds whose payment log shows both. A
// shop has up to four registers and six people, who change at ten, six and
// four o'clock by the Japanese clock. One of them has every night at the first
// register: where staff are thieves, that is who.

const (
	mostRegisters = 4
	people        = 6
)

// A post is a register and who works there.
type post struct {
	register, person uint64
}

// postOf returns where a payment in a shop was taken.
func (t *town) postOf(e *entry) post {
	if e.atOwn {
		return post{}
	}
	h := hash3(t.key, 0x2e915732, uint64(e.store))
	s := post{register: mix(e.txn) % (1 + h%mostRegisters)}
	clock := e.at + japan
	night := hourOf(e.at) >= 18 || hourOf(e.at) < 4
	if s.register == 0 && night {
		return s
	}
	shift := uint64((clock - 4*hour) / day * 3)
	switch h := hourOf(e.at); {
	case h >= 10 && h < 18:
		shift++
	case night:
		shift += 2
	}
	s.person = 1 + hash3(h, shift, s.register)%(people-1)
	return s
}

// appendPost appends terminal and operator id with the comma between.
func (t *town) appendPost(dst []byte, e *entry) []byte {
	if e.store < 0 || e.kind != payment || t.stores.online(e.store) {
		return append(dst, ',')
	}
	s := t.postOf(e)
	dst = append(dst, 'T')
	dst = strconv.AppendUint(dst, uint64(e.store)*mostRegisters+s.register+100, 10)
	dst = append(dst, ",P"...)
	return strconv.AppendUint(dst, hash3(t.key, uint64(e.store), s.person)%1_000_000, 10)
}
