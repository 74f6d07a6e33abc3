package gen

import (
	"strconv"
	"strings"
)

// Ids are opaque and of one shape each, whoever made them: a list of stolen
// ids looks like the service's own, and a thief's device like a customer's.

const (
	idBits   = 50
	idMask   = 1<<idBits - 1
	idLetter = "abcdefghjkmnpqrstuvwxyz023456789" // no letter that people confuse
	hexDigit = "0123456789abcdef"
	txnDigit = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// strangers is where the numbers of ids that belong to nobody begin.
const strangers = 1 << 49

// appendAccount appends the account id of a number. Numbers below the size of
// the world are its accounts; from strangers on they are ids that people or
// lists got wrong. Because the mapping is a bijection, the two never meet.
func (t *town) appendAccount(dst []byte, n uint64) []byte {
	if t.w.NumericIDs {
		// Every fifth number is unused: numbering has gaps everywhere.
		if n >= strangers {
			n = (n-strangers)*5 + 4
		} else {
			n += n / 4
		}
		return strconv.AppendUint(dst, 4_100_000_000+n, 10)
	}
	x := n
	for range 3 {
		x = (x + t.idKey) * 0x2c1b3c6d5a7f3 & idMask
		x ^= x >> (idBits / 2)
	}
	for shift := idBits - 5; shift >= 0; shift -= 5 {
		dst = append(dst, idLetter[x>>uint(shift)&31])
	}
	return dst
}

// appendTypo appends an id as it comes out when somebody mistypes it: one
// character wrong, two swapped, one missing or one twice. Numbers only lose or
// double a digit, because another digit would often be another customer.
func (t *town) appendTypo(dst []byte, n uint64, r *rng) []byte {
	from := len(dst)
	dst = t.appendAccount(dst, n)
	id := dst[from:]
	i := 1 + int(r.below(int64(len(id)-2)))
	slip := r.below(10)
	switch {
	case slip < 3 && id[i] != id[i+1] && !t.w.NumericIDs:
		id[i], id[i+1] = id[i+1], id[i]
	case slip < 7 && !t.w.NumericIDs:
		at := strings.IndexByte(idLetter, id[i])
		id[i] = idLetter[(at+1+int(r.below(int64(len(idLetter)-1))))%len(idLetter)]
	case slip < 8:
		dst = append(dst, id[len(id)-1])
	default:
		dst = append(dst[:from+i], dst[from+i+1:]...)
	}
	return dst
}

// appendDevice appends a device id: a random UUID, as phones make them.
func appendDevice(dst []byte, key uint64) []byte {
	if key == 0 {
		return dst
	}
	hi, lo := mix(key), mix(key^golden)
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	dst = appendHex(dst, hi>>32, 8)
	dst = append(dst, '-')
	dst = appendHex(dst, hi>>16&0xffff, 4)
	dst = append(dst, '-')
	dst = appendHex(dst, hi&0xffff, 4)
	dst = append(dst, '-')
	dst = appendHex(dst, lo>>48, 4)
	dst = append(dst, '-')
	return appendHex(dst, lo&(1<<48-1), 12)
}

func appendHex(dst []byte, v uint64, digits int) []byte {
	for shift := (digits - 1) * 4; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigit[v>>uint(shift)&15])
	}
	return dst
}

// appendSession appends a session id, nothing for session 0.
func appendSession(dst []byte, key uint64) []byte {
	if key == 0 {
		return dst
	}
	return appendHex(dst, mix(key^0x5e55104), 16)
}

// appendTxn appends a transaction id. The key is unique in the world and mix a
// bijection, so the id is unique too.
func appendTxn(dst []byte, key uint64) []byte {
	if key == 0 {
		return dst
	}
	x := mix(key)
	for shift := 60; shift >= 0; shift -= 5 {
		dst = append(dst, txnDigit[x>>uint(shift)&31])
	}
	return dst
}

// appendRef appends the token of a card or bank account.
func appendRef(dst []byte, key uint64) []byte {
	if key == 0 {
		return dst
	}
	dst = append(dst, "tok_"...)
	x := mix(key ^ 0xca2d)
	for range 12 {
		dst = append(dst, idLetter[x&31])
		x >>= 5
	}
	return dst
}
