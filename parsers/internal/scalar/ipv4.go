package scalar

import (
	"encoding/binary"
	"math/bits"
)

const (
	minIPv4 = len("1.1.1.1")
	maxIPv4 = len("255.255.255.255")
)

// tryIPv4 reads a dotted quad. Where the dots are is hard to predict and each
// wrong guess costs as much as the whole address, so there is no branch on it:
// the first eight bytes hold all of the first two octets, the last eight all
// of the last two, and the layout of each eight is looked up by its dots.
func tryIPv4(b []byte) (v4 uint32, ok bool) {
	n := len(b)
	if n < minIPv4 || n > maxIPv4 {
		return 0, false
	}
	var head, tail uint64
	if n >= 8 {
		head, tail = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	} else {
		head = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[3:]))<<24
		head, tail = head|'0'<<56, head<<8|'0' // a byte that no octet takes in
	}
	head, tail = head^asciiZeros, tail^asciiZeros
	headDots := ^((head ^ dots) + below7f) & highBits
	tailDots := ^((tail ^ dots) + below7f) & highBits
	h, t := &heads[headDots*gather>>56], &tails[tailDots*gather>>56]

	// Every byte is a digit or a dot, the octets are well formed, and the
	// second dot from the front is the second from the back.
	bad := (head+over9)&highBits ^ headDots
	bad |= (tail+over9)&highBits ^ tailDots
	bad |= (head|tail)&highBits | uint64(n^int(h.end+t.end))
	bad |= ^(head+below7f)&h.lead | ^(tail+below7f)&t.lead

	// Each half becomes two groups of four bytes: 0, hundreds, tens, units.
	x := head&h.keep[0]<<(h.shift[0]&63) | head&h.keep[1]<<(h.shift[1]&63)
	y := tail&t.keep[0]>>(t.shift[0]&63) | tail&t.keep[1]
	bad |= (most-bits.ReverseBytes64(x))&(most-bits.ReverseBytes64(y))&inRange ^ inRange

	// The multiplication adds the digits up in the last byte of each group.
	x, y = x*weights>>24&lastBytes, y*weights>>24&lastBytes
	x = x<<16 | y
	return uint32(x<<8 | x>>32), bad == 0
}

const (
	asciiZeros = 0x3030303030303030
	dots       = 0x1e1e1e1e1e1e1e1e // '.' ^ '0'
	over9      = 0x7676767676767676 // sets the high bit of a byte above 9
	below7f    = 0x7f7f7f7f7f7f7f7f // sets the high bit of a byte above 0
	gather     = 0x0002040810204081 // moves the eight high bits to the highest byte

	// most is the digits of 255 in both groups, most significant byte first,
	// and a bit above, which a subtraction takes away if it has to borrow.
	most      = 0x8002050580020505
	inRange   = 0x8000000080000000
	weights   = 100<<16 | 10<<8 | 1
	lastBytes = 0x000000ff000000ff
)

// A half says where two octets are in eight bytes of a dotted quad.
type half struct {
	keep  [2]uint64 // the bytes of each
	lead  uint64    // the high bits of the digits that must not be zero
	shift [2]uint8  // how far they are from their place, in bits
	end   uint8     // how many bytes are on this side of the next octet
}

// heads and tails hold the layout of the first and the last two octets for
// every set of dots. Where there is none, lead is a demand that no bytes meet.
var heads, tails = layouts()

func layouts() (heads, tails [256]half) {
	for i := range heads {
		heads[i].lead, tails[i].lead = ^uint64(0), ^uint64(0)
		set := uint8(i)

		first := bits.TrailingZeros8(set)
		second := bits.TrailingZeros8(set & (set - 1))
		if second < 8 && isOctet(0, first) && isOctet(first+1, second) {
			heads[i] = half{
				keep:  [2]uint64{mask(0, first), mask(first+1, second)},
				lead:  leading(0, first) | leading(first+1, second),
				shift: [2]uint8{uint8(8 * (4 - first)), uint8(8 * (8 - second))},
				end:   uint8(second) + 1,
			}
		}
		last := 7 - bits.LeadingZeros8(set)
		before := 7 - bits.LeadingZeros8(set&^(1<<(last&7)))
		if before >= 0 && isOctet(before+1, last) && isOctet(last+1, 8) {
			tails[i] = half{
				keep:  [2]uint64{mask(before+1, last), mask(last+1, 8)},
				lead:  leading(before+1, last) | leading(last+1, 8),
				shift: [2]uint8{uint8(8 * (last - 4))},
				end:   uint8(7 - before),
			}
		}
	}
	return heads, tails
}

// isOctet reports whether bytes i to j can be an octet.
func isOctet(i, j int) bool { return j-i >= 1 && j-i <= 3 }

// mask returns a word with the bytes from i up to but not including j set.
func mask(i, j int) uint64 { return (1<<(8*(j-i)) - 1) << (8 * i) }

// leading returns the high bit of byte i if the octet from i to j has several
// digits, so that the first must not be zero.
func leading(i, j int) uint64 {
	if j-i == 1 {
		return 0
	}
	return 0x80 << (8 * i)
}
