/* Reads what `objdump -d --insn-width=16` prints and compares each instruction with the agent's decoder: its length, and whether its
 * operand in memory is read, written or updated, as the words of the mnemonic and the place of the operand say. Prints what differs,
 * and how many there were of each. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/decode.h"

#include "agent/decode.c"

static uint32_t take_bytes(const char **text, uint8_t *bytes, uint32_t max)
{
	uint32_t n = 0;
	while (n < max && isxdigit((unsigned char)(*text)[0]) && isxdigit((unsigned char)(*text)[1])) {
		bytes[n++] = (uint8_t)strtoul((char[]){ (*text)[0], (*text)[1], '\0' }, NULL, 16);
		*text += 2 + ((*text)[2] == ' ');
	}
	return n;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		size_t len = strlen(*words);
		if (strncmp(word, *words, len) == 0 && (!word[len] || (strchr("bwlq", word[len]) && !word[len + 1])))
			return true;
	}
	return false;
}

/* The last operand of the text is in memory: "(…)" behind the last comma. */
static bool writes_memory(const char *operands)
{
	const char *last = operands;
	int depth = 0;
	for (const char *p = operands; *p && *p != '#' && *p != '<'; p++) {
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		if (*p == ',' && depth == 0)
			last = p + 1;
	}
	const char *open = strchr(last, '(');
	return open && strchr(open, '%') && !strstr(operands, "%st");
}

static enum rf_access wanted(const char *mnemonic, const char *operands)
{
	static const char *const updates[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "inc", "dec", "not", "neg", "rol", "ror", "rcl",
					       "rcr", "shl", "shr", "sar", "xadd", "cmpxchg", "xchg", "shld", "shrd", NULL };
	static const char *const reads[] = { "cmp", "test", "bt", NULL };
	static const char *const stores[] = { "mov", "movaps", "movups", "movdqa", "movdqu", "movapd", "movupd", "movss", "movsd", "movd",
					      "movnti", "movlps", "movhps", "movlpd", "movhpd", "vmovdqu", "vmovdqa", "vmovups", "vmovaps",
					      "vmovss", "vmovsd", "vmovd", "vmovdqu64", "vmovdqa64", "vmovdqu32", "vmovdqu8", "vmovdqu16", NULL };
	if (!writes_memory(operands) || strchr(operands, '{'))
		return RF_ACCESS_UNKNOWN;
	return is_one_of(mnemonic, updates) ? RF_ACCESS_UPDATE : is_one_of(mnemonic, reads) ? RF_ACCESS_READ :
	       is_one_of(mnemonic, stores) || strncmp(mnemonic, "set", 3) == 0 ? RF_ACCESS_WRITE : RF_ACCESS_UNKNOWN;
}

static bool is_prefix(const char *word)
{
	static const char *const prefixes[] = { "lock", "rep", "repz", "repnz", "bnd", "notrack", "data16", "cs", "ds", "es",
						"ss", "fs", "gs", NULL };
	for (uint32_t i = 0; prefixes[i]; i++) {
		if (strcmp(word, prefixes[i]) == 0)
			return true;
	}
	return strncmp(word, "rex", 3) == 0;
}

int main(void)
{
	static char line[1024];
	unsigned long all = 0, accesses = 0, wrong = 0, unknown = 0;
	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[RF_INSTRUCTION_BYTES_MAX + 1];
		const char *p = strchr(line, ':');
		if (!p || p[1] != '\t' || strstr(line, "(bad)") || strstr(line, "%e") || strstr(line, "addr32"))
			continue; /* addresses of 32 bits aren't decoded; in programs they are data */
		p += 2;
		uint32_t count = take_bytes(&p, bytes, sizeof(bytes));
		const char *text = strchr(p, '\t');
		char mnemonic[32] = "";
		int used = 0;
		while (text && sscanf(text, "%31s%n", mnemonic, &used) == 1 && is_prefix(mnemonic))
			text += used;
		if (!text || !count || is_prefix(mnemonic))
			continue;
		struct rf_instruction i;
		enum rf_access want = wanted(mnemonic, text + used);
		bool known = rf_decode(bytes, count, &i);
		bool differs = known && (i.length != count || (want != RF_ACCESS_UNKNOWN && i.access != want));
		all++;
		unknown += !known;
		accesses += want != RF_ACCESS_UNKNOWN;
		wrong += differs;
		if (differs)
			fputs(line, stdout);
	}
	printf("%lu instructions, %lu of them write or compare memory, %lu unknown, %lu wrong\n", all, accesses, unknown, wrong);
	return wrong != 0 || all == 0 || accesses == 0;
}
