#include "textflag.h"

// func mark(dst *[64]uint64, data *byte, words int, delimiter uint64)
//
// Sixteen bytes are compared at once, by instructions that every amd64 has.
TEXT ·mark(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ words+16(FP), CX
	MOVQ delimiter+24(FP), X0
	PUNPCKLQDQ X0, X0
	MOVQ $0x0a0a0a0a0a0a0a0a, AX
	MOVQ AX, X1
	PUNPCKLQDQ X1, X1
	TESTQ CX, CX
	JLE  done

loop:
	MOVOU (SI), X2
	MOVOU 16(SI), X4
	MOVOU 32(SI), X6
	MOVOU 48(SI), X8
	MOVO  X2, X3
	MOVO  X4, X5
	MOVO  X6, X7
	MOVO  X8, X9
	PCMPEQB X0, X2
	PCMPEQB X1, X3
	PCMPEQB X0, X4
	PCMPEQB X1, X5
	PCMPEQB X0, X6
	PCMPEQB X1, X7
	PCMPEQB X0, X8
	PCMPEQB X1, X9
	POR X3, X2
	POR X5, X4
	POR X7, X6
	POR X9, X8
	PMOVMSKB X2, AX
	PMOVMSKB X4, BX
	PMOVMSKB X6, DX
	PMOVMSKB X8, R8
	SHLQ $16, BX
	SHLQ $32, DX
	SHLQ $48, R8
	ORQ BX, AX
	ORQ R8, DX
	ORQ DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop

done:
	RET
