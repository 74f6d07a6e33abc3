package gen

import "strconv"

// stores are the shops of the world, numbered by how busy they are: store 0
// has most customers. A store number of -1 is no store.
type stores struct {
	count int
	key   uint64
}

func newStores(count int, key uint64) stores { return stores{count, key} }

// onlineEvery says which stores are online shops: every thirtieth, and the
// last, so that even a small world has one.
const onlineEvery = 30

func (s *stores) online(store int32) bool {
	return store%onlineEvery == onlineEvery-1 || int(store) == s.count-1
}

// busy returns a shop on the street, busy ones more often. Of reach only the
// first stores are taken; 0 means all of them.
func (s *stores) busy(r *rng, reach int) int32 {
	if reach <= 0 || reach > s.count {
		reach = s.count
	}
	store := int32(r.skewed(reach))
	if s.online(store) && store > 0 {
		store--
	}
	return store
}

// web returns an online shop.
func (s *stores) web(r *rng) int32 {
	n := s.count / onlineEvery
	if n == 0 {
		return int32(s.count - 1)
	}
	return int32(r.skewed(n)*onlineEvery + onlineEvery - 1)
}

// chain returns the company that a store belongs to. There is one for about
// fifteen stores.
func (s *stores) chain(store int32) uint64 {
	n := clamp(uint64(s.count)/15, 2, 400)
	h := mix(s.key + uint64(store))
	// Half of the stores belong to four large chains.
	if h&1 == 0 {
		return h >> 8 % min(4, n)
	}
	return h >> 8 % n
}

// appendIDs appends merchant and store id with the comma between, and only
// the comma for no store.
func (s *stores) appendIDs(dst []byte, store int32) []byte {
	if store < 0 {
		return append(dst, ',')
	}
	dst = append(dst, 'M')
	dst = strconv.AppendUint(dst, 1000+s.chain(store)*7, 10)
	dst = append(dst, ",S"...)
	// The odd multiplier keeps ids unique and says nothing of how busy a
	// store is.
	return strconv.AppendUint(dst, 1<<20|(uint64(store)*0x5d3b1+s.key)&(1<<20-1), 10)
}
