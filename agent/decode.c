#include "agent/decode.h"

#include <string.h>

/* How an opcode goes on: '.' nothing, m a ModRM byte, b w v j bytes of an immediate (1, 2, by the operand's size up to 4, always 4),
 * q up to 8, a an address of 8, e 3, B V a ModRM byte and b or v, G a ModRM byte and, for test, an immediate; x isn't known. */
static const char one_byte_form[256 + 1] =
	"mmmmbvxxmmmmbvxx" "mmmmbvxxmmmmbvxx" "mmmmbvxxmmmmbvxx" "mmmmbvxxmmmmbvxx"
	"xxxxxxxxxxxxxxxx" "................" "xxxmxxxxvVbB...." "bbbbbbbbbbbbbbbb"
	"BVxBmmmmmmmmmmmm" "..........x....." "aaaa....bv......" "bbbbbbbbqqqqqqqq"
	"BBw.xxBVe.w..bx." "mmmmxxx.mmmmmmmm" "bbbbbbbbjjxb...." "x.xx..GG......mm";
static const char two_byte_form[256 + 1] =
	"mmmmx.....x.xm.x" "mmmmmmmmmmmmmmmm" "mmmmxxxxmmmmmmmm" "......x.xxxxxxxx"
	"mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "BBBBmmm.mmxxmmmm"
	"jjjjjjjjjjjjjjjj" "mmmmmmmmmmmmmmmm" "...mBmxx...mBmmm" "mmmmmmmmmmBmmmmm"
	"mmBmBBBm........" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm";

/* What it does to its operand in memory: '.' nothing, r R h l v reads (operand's size, 1, 2, 4 bytes, a vector), w W Q S A writes
 * (operand's size, 1, 8 bytes, a vector, one that is aligned), u U updates (operand's size, 1 byte), x X the same and is atomic;
 * s a string instruction; i I, n N, d D, t groups that the ModRM byte tells apart; 7 movd or movq; '?' isn't told. */
static const char one_byte_access[256 + 1] =
	"UuRr....UuRr...." "UuRr....UuRr...." "UuRr....UuRr...." "UuRr....RrRr...."
	"................" "................" "...l.....r.r????" "................"
	"IixiRrXxWwRr?.??" "................" "????ss??..ss????" "................"
	"Uu....Ww........" "UuUu...?????????" "................" "......Nn......Dd";
static const char two_byte_access[256 + 1] =
	"????............" "vSvQvvvQ........" "........vAvAvvvv" "................"
	"rrrrrrrrrrrrrrrr" "vvvvvvvvvvvvvvvv" "vvvvvvvvvvvvvvvv" "v???vvv.????vv7S"
	"................" "WWWWWWWWWWWWWWWW" "...?uu.....?uu?r" "Uu???" "?Rhr?t?rrRh"
	"Uuvwh.v?........" "vvvvvvQ.vvvvvvvv" "vvvvvvvAvvvvvvvv" "vvvvvvv?vvvvvvv.";

struct decoding {
	const uint8_t *code;
	size_t bytes, at;
	bool data16, address32, lock, rep, repne, segment, failed;
	uint8_t rex;       /* 0: none */
	uint8_t map;       /* 0 one byte, 1 0F, 2 0F38, 3 0F3A */
	bool vex, evex, masked;
	uint8_t vector;    /* bytes */
	uint8_t compress;  /* EVEX: 8-bit displacements are so many bytes */
	uint8_t opcode, modrm;
	bool has_modrm;
};

static uint8_t next_byte(struct decoding *s)
{
	if (s->at >= s->bytes || s->at >= RF_INSTRUCTION_BYTES_MAX) {
		s->failed = true;
		return 0;
	}
	return s->code[s->at++];
}

static int32_t next_number(struct decoding *s, uint32_t bytes)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < bytes; i++)
		n |= (uint32_t)next_byte(s) << (8 * i);
	return bytes == 1 ? (int8_t)n : (int32_t)n;
}

static void skip_bytes(struct decoding *s, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		next_byte(s);
}

/* True while there are more of them. */
static bool take_prefix(struct decoding *s, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		return s->data16 = true;
	case 0x67:
		return s->address32 = true;
	case 0xf0:
		return s->lock = true;
	case 0xf2:
		s->rep = false;
		return s->repne = true;
	case 0xf3:
		s->repne = false;
		return s->rep = true;
	case 0x64:
	case 0x65:
		return s->segment = true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		return true;
	default:
		return false;
	}
}

/* The prefix that a VEX or EVEX prefix holds: none, 66, F3, F2. */
static void set_packed_prefix(struct decoding *s, uint8_t pp)
{
	s->data16 = pp == 1;
	s->rep = pp == 2;
	s->repne = pp == 3;
}

/* Register bits are inverted there; they are kept as a REX prefix has them. */
static uint8_t rex_of(uint8_t inverted_rxb, bool w)
{
	uint8_t rxb = (uint8_t)~inverted_rxb >> 5;
	return (uint8_t)(0x40 | (w ? 8 : 0) | (rxb & 7));
}

static void read_vex(struct decoding *s, uint8_t first)
{
	uint8_t p = next_byte(s);
	s->vex = true;
	s->map = 1;
	s->rex = rex_of(p | 0x60, false);
	if (first == 0xc4) {
		s->map = p & 31;
		s->rex = rex_of(p, false);
		p = next_byte(s);
		if (p & 0x80)
			s->rex |= 8;
	}
	s->vector = p & 4 ? 32 : 16;
	set_packed_prefix(s, p & 3);
	s->opcode = next_byte(s);
}

static void read_evex(struct decoding *s)
{
	uint8_t p0 = next_byte(s), p1 = next_byte(s), p2 = next_byte(s);
	s->vex = s->evex = true;
	s->map = p0 & 7;
	s->rex = rex_of(p0, p1 & 0x80);
	if (!(p1 & 4) || p0 & 8)
		s->failed = true;
	set_packed_prefix(s, p1 & 3);
	s->masked = (p2 & 0x87) != 0;
	s->vector = (uint8_t)(16u << (p2 >> 5 & 3));
	s->opcode = next_byte(s);
}

static void read_opcode(struct decoding *s)
{
	uint8_t byte = next_byte(s);
	while (!s->failed && take_prefix(s, byte))
		byte = next_byte(s);
	if ((byte & 0xf0) == 0x40) {
		s->rex = byte;
		byte = next_byte(s);
	}
	s->vector = 16;
	if (byte == 0xc4 || byte == 0xc5) {
		read_vex(s, byte);
	} else if (byte == 0x62) {
		read_evex(s);
	} else if (byte == 0x0f) {
		byte = next_byte(s);
		s->map = byte == 0x38 ? 2 : byte == 0x3a ? 3 : 1;
		s->opcode = s->map == 1 ? byte : next_byte(s);
	} else {
		s->opcode = byte;
	}
}

static char form_of(const struct decoding *s)
{
	if (s->map == 0)
		return one_byte_form[s->opcode];
	if (s->map == 1 && s->evex && (s->opcode & 0xfe) == 0x7a)
		return 'm';
	if (s->map == 1)
		return two_byte_form[s->opcode];
	return s->map == 2 ? 'm' : s->map == 3 ? 'B' : s->evex && (s->map == 5 || s->map == 6) ? 'm' : 'x';
}

static void read_operand(struct decoding *s, struct rf_instruction *i)
{
	s->has_modrm = true;
	s->modrm = next_byte(s);
	uint8_t mod = s->modrm >> 6, rm = s->modrm & 7;
	i->base = i->index = RF_REGISTER_NONE;
	if (mod == 3)
		return;
	i->base = (int8_t)(rm | (s->rex & 1) << 3);
	if (rm == 4) {
		uint8_t sib = next_byte(s), index = (uint8_t)((sib >> 3 & 7) | (s->rex & 2) << 2);
		i->base = (int8_t)((sib & 7) | (s->rex & 1) << 3);
		i->index = index == RF_REGISTER_RSP ? RF_REGISTER_NONE : (int8_t)index;
		i->scale = sib >> 6;
		if ((sib & 7) == 5 && mod == 0)
			i->base = RF_REGISTER_NONE;
	} else if (rm == 5 && mod == 0) {
		i->base = RF_REGISTER_RIP;
	}
	if (mod == 1)
		i->displacement = next_number(s, 1) * (s->evex ? s->compress : 1);
	else if (mod == 2 || (mod == 0 && (rm == 5 || i->base == RF_REGISTER_NONE)))
		i->displacement = next_number(s, 4);
}

static uint32_t operand_size(const struct decoding *s)
{
	return s->rex & 8 ? 8 : s->data16 ? 2 : 4;
}

static void read_immediate(struct decoding *s, struct rf_instruction *i, char form)
{
	uint32_t size = operand_size(s), up_to_4 = size > 4 ? 4 : size;
	switch (form) {
	case 'b':
	case 'B':
		if (i->jump)
			i->displacement = next_number(s, 1);
		else
			skip_bytes(s, 1);
		break;
	case 'w':
		skip_bytes(s, 2);
		break;
	case 'e':
		skip_bytes(s, 3);
		break;
	case 'v':
	case 'V':
		skip_bytes(s, up_to_4);
		break;
	case 'j':
		i->displacement = next_number(s, 4);
		break;
	case 'q':
		skip_bytes(s, size);
		break;
	case 'a':
		skip_bytes(s, s->address32 ? 4 : 8);
		break;
	case 'G':
		if ((s->modrm >> 3 & 7) < 2)
			skip_bytes(s, s->opcode == 0xf6 ? 1 : up_to_4);
		break;
	default:
		break;
	}
}

/* Where control goes: Intel SDM volume 2, appendix A. */
static void note_flow(const struct decoding *s, struct rf_instruction *i)
{
	uint8_t o = s->opcode;
	if (s->map == 1) {
		i->jump = (o & 0xf0) == 0x80 && !s->vex;
		i->end = o == 0x0b;
		return;
	}
	if (s->map != 0)
		return;
	i->call = o == 0xe8;
	i->jump = (o & 0xf0) == 0x70 || o == 0xe9 || o == 0xeb || (o >= 0xe0 && o <= 0xe3);
	i->end = o == 0xe9 || o == 0xeb || o == 0xc2 || o == 0xc3 || o == 0xcc || o == 0xf4;
}

static void note_group_flow(const struct decoding *s, struct rf_instruction *i)
{
	uint8_t n = s->modrm >> 3 & 7;
	if (s->map != 0 || s->opcode != 0xff)
		return;
	i->end = n == 4;
	i->pointer = (n == 2 || n == 4) && s->modrm >> 6 != 3;
}

static void set(struct rf_instruction *i, enum rf_access access, uint32_t size)
{
	i->access = access;
	i->size = (uint8_t)size;
}

/* Of a vector: scalars are told by the prefix, where there are scalars. */
static void set_vector_store(const struct decoding *s, struct rf_instruction *i, bool aligned)
{
	bool scalar = s->map == 1 && s->opcode == 0x11;
	bool mmx = s->map == 1 && !s->vex && !s->data16 && !s->rep && (s->opcode == 0x7f || s->opcode == 0xe7);
	if (s->masked)
		set(i, RF_ACCESS_UNKNOWN, 0);
	else
		set(i, RF_ACCESS_WRITE, mmx || (scalar && s->repne) ? 8 : scalar && s->rep ? 4 : s->vector);
	i->aligned = s->vex && (aligned || (s->opcode == 0x7f && s->data16));
}

static void set_group(const struct decoding *s, struct rf_instruction *i, char access)
{
	uint32_t n = s->modrm >> 3 & 7, size = access < 'a' ? 1 : operand_size(s);
	switch (access) {
	case 'i': /* add or adc sbb and sub xor cmp */
	case 'I':
		set(i, n == 7 ? RF_ACCESS_READ : RF_ACCESS_UPDATE, size);
		break;
	case 'n': /* test test not neg mul imul div idiv */
	case 'N':
		set(i, n == 2 || n == 3 ? RF_ACCESS_UPDATE : RF_ACCESS_READ, size);
		break;
	case 't': /* bt bts btr btc, by an immediate */
		set(i, n == 4 ? RF_ACCESS_READ : n > 4 ? RF_ACCESS_UPDATE : RF_ACCESS_UNKNOWN, size);
		break;
	default: /* inc dec call callf jmp jmpf push */
		set(i, n < 2 ? RF_ACCESS_UPDATE : n == 2 || n == 4 || n == 6 ? RF_ACCESS_READ : RF_ACCESS_UNKNOWN, n < 2 ? size : 8);
		break;
	}
}

static void set_access(const struct decoding *s, struct rf_instruction *i, char access)
{
	uint32_t size = operand_size(s);
	switch (access) {
	case '.':
		break;
	case 'r':
	case 'R':
		set(i, RF_ACCESS_READ, access == 'R' ? 1 : size);
		break;
	case 'h':
	case 'l':
		set(i, RF_ACCESS_READ, access == 'h' ? 2 : 4);
		break;
	case 'v':
		set(i, RF_ACCESS_READ, s->vector);
		break;
	case 'w':
	case 'W':
		set(i, RF_ACCESS_WRITE, access == 'W' ? 1 : size);
		break;
	case 'Q':
		set(i, RF_ACCESS_WRITE, 8);
		break;
	case 'S':
	case 'A':
		set_vector_store(s, i, access == 'A');
		break;
	case 'u':
	case 'U':
	case 'x':
	case 'X':
		set(i, RF_ACCESS_UPDATE, access == 'U' || access == 'X' ? 1 : size);
		i->atomic = access == 'x' || access == 'X';
		break;
	case 's':
		set(i, RF_ACCESS_WRITE, s->opcode & 1 ? size : 1);
		i->string = true;
		i->rep = s->rep || s->repne;
		i->base = RF_REGISTER_RDI;
		i->index = RF_REGISTER_NONE;
		break;
	case '7':
		if (s->rep)
			set(i, RF_ACCESS_READ, 8);
		else
			set(i, RF_ACCESS_WRITE, s->rex & 8 ? 8 : 4);
		break;
	case '?':
		set(i, RF_ACCESS_UNKNOWN, 0);
		break;
	default:
		set_group(s, i, access);
		break;
	}
}

/* Maps 0F38 and 0F3A read vectors, with few exceptions. */
static char access_of(const struct decoding *s)
{
	uint8_t o = s->opcode;
	bool plain_store = s->map == 1 && (o == 0x11 || o == 0x29 || o == 0x7f);
	if (s->evex && !plain_store)
		return '?';
	if (s->map == 0)
		return one_byte_access[o];
	if (s->map == 1)
		return s->vex && (two_byte_access[o] == 'W' || two_byte_access[o] == 'r') ? '?' : two_byte_access[o];
	if (s->map == 2) {
		bool odd = (o >= 0x2c && o <= 0x2f) || (o >= 0x8c && o <= 0x93) || o >= 0xf8 || (o >= 0x80 && o <= 0x82);
		return odd ? '?' : o == 0xf1 && !s->repne && !s->vex ? 'w' : (o == 0xf5 || o == 0xf6) && !s->vex ? '?' : 'v';
	}
	bool extract = (o >= 0x14 && o <= 0x17) || o == 0x19 || o == 0x1d || o == 0x39;
	return o == 0x19 || o == 0x39 ? 'S' : extract ? '?' : 'v';
}

static void set_extracted_size(const struct decoding *s, struct rf_instruction *i)
{
	if (s->map == 3 && i->access == RF_ACCESS_WRITE)
		i->size = 16; /* a half of the vector */
}

/* vmovups, vmovaps, vmovdqu and their like: the operand is the vector, or the scalar that the prefix says. */
static uint8_t compressed_by(const struct decoding *s)
{
	bool scalar = s->map == 1 && (s->opcode & 0xfe) == 0x10;
	return scalar && s->repne ? 8 : scalar && s->rep ? 4 : s->vector;
}

static bool rf_decode(const uint8_t *code, size_t bytes, struct rf_instruction *i)
{
	struct decoding s = { .code = code, .bytes = bytes };
	memset(i, 0, sizeof(*i));
	i->base = i->index = RF_REGISTER_NONE;
	read_opcode(&s);
	if (s.failed || (s.vex && (s.map == 0 || s.map > (s.evex ? 6 : 3))))
		return false;
	char form = form_of(&s);
	if (form == 'x')
		return false;
	s.compress = compressed_by(&s);
	note_flow(&s, i);
	if (strchr("mBVG", form))
		read_operand(&s, i);
	read_immediate(&s, i, form);
	if (s.failed || (s.map == 0 && s.opcode == 0x8f && s.modrm >> 3 & 7)) /* the latter is XOP */
		return false;
	i->length = (uint8_t)s.at;
	note_group_flow(&s, i);
	if (!s.has_modrm || s.modrm >> 6 != 3)
		set_access(&s, i, access_of(&s));
	set_extracted_size(&s, i);
	if (s.address32 && i->access != RF_ACCESS_NONE)
		set(i, RF_ACCESS_UNKNOWN, 0);
	i->atomic |= s.lock;
	i->segment = s.segment;
	return true;
}
