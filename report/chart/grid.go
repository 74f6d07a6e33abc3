package chart

import (
	"strings"
	"sync"
)

// world places each country and territory of ISO 3166-1 in a grid, about where
// it lies: neighbours stand near each other, crowded corners have room.
const world = `
.. .. .. .. .. .. .. .. .. .. .. .. .. .. SJ .. .. .. .. .. .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. GL IS FO GB NO DK SE AX EE FI .. .. .. .. .. .. .. .. .. .. ..
.. .. CA .. .. .. .. .. .. IE IM BE NL DE AT PL LV LT .. .. .. .. .. RU .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. GG LU CH CZ SK HU RO BY UA .. .. KZ .. .. .. .. .. .. ..
.. .. .. .. .. .. .. PM .. .. JE FR LI SM SI BA RS MD .. GE .. .. KG .. MN .. .. .. ..
.. .. US .. .. .. .. .. .. PT ES AD MC IT HR ME MK BG TR AM AZ UZ .. .. .. KP .. .. ..
.. .. .. .. .. .. .. .. .. .. GI .. TN VA MT AL GR CY LB SY IR TM TJ CN .. KR JP .. ..
.. .. .. .. BS BM .. .. .. .. MA DZ .. .. .. .. .. PS JO IQ KW AF PK BT .. .. .. .. ..
.. .. MX CU TC PR VG AI .. EH .. .. .. .. LY .. .. EG IL SA BH AE NP BD HK TW .. .. ..
.. .. BZ KY HT VI SX BL .. MR .. .. .. .. .. .. .. .. .. .. QA OM IN MM MO .. .. .. ..
UM .. GT JM DO MF KN AG GP CV ML .. NE .. .. .. .. .. ER .. YE .. .. LA VN .. MP .. ..
.. .. SV HN AW MS DM MQ LC SN GM .. .. .. TD .. .. SD .. .. .. .. .. TH .. PH GU .. ..
.. .. .. NI CW BQ GD VC BB GW GN BF NG .. .. .. .. .. .. DJ .. .. .. .. KH .. .. .. ..
.. .. .. CR PA VE TT GY SR SL LR TG BJ CM .. CF .. SS .. ET .. .. LK .. BN PW FM MH ..
.. .. .. .. CO .. .. .. GF .. CI GH GQ GA .. .. .. UG KE SO .. .. MV MY SG .. .. KI ..
TK .. .. .. EC .. .. .. .. .. .. .. ST .. CG CD BI RW TZ .. SC .. IO .. ID .. PG NR TV
WS .. .. .. PE .. .. .. BR .. .. .. .. .. AO .. .. .. MW KM .. .. .. CC CX TL SB .. WF
AS PF .. .. .. BO .. .. .. .. SH .. .. .. .. .. ZM ZW MZ YT MG .. .. .. .. .. .. VU FJ
NU CK PN .. .. .. .. PY .. .. .. .. .. .. NA .. BW SZ .. .. RE MU .. .. .. AU .. NC TO
.. .. .. .. CL AR .. UY .. .. .. .. .. .. .. .. ZA LS .. .. .. .. .. .. .. .. .. NF ..
.. .. .. .. .. .. .. FK .. .. .. .. .. .. .. .. .. .. .. .. .. TF HM .. .. .. .. NZ ..
.. .. .. .. .. .. .. .. GS .. .. BV .. AQ .. .. .. .. .. .. .. .. .. .. .. .. .. .. ..
`

// The size of the grid.
const (
	gridColumns = 29
	gridRows    = 22
)

// A cell is a place in the grid.
type cell struct{ row, column int }

// A gridCell is a country in its cell.
type gridCell struct {
	code string
	at   cell
}

// gridList lists the countries, row by row.
var gridList = sync.OnceValue(func() []gridCell {
	var list []gridCell
	for row, line := range strings.Split(strings.TrimSpace(world), "\n") {
		for column, code := range strings.Fields(line) {
			if code != ".." {
				list = append(list, gridCell{code, cell{row, column}})
			}
		}
	}
	return list
})

// grid finds a country by its code.
var grid = sync.OnceValue(func() map[string]cell {
	m := map[string]cell{}
	for _, k := range gridList() {
		m[k.code] = k.at
	}
	return m
})
