#include "tui/screen/line_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/safe.h"
#include "tui/screen/keys.h"

enum { QUEUE_MAX = 64, HISTORY_MAX = 1000, LINE_MAX_ = 4000, BYTES = 8 };

struct line_edit {
	char *kept;       /* its text while another has readline */
	size_t point;
	void (*on_line)(void *arg, const char *line);
	void *arg;
};

/* readline is one: its state is the process's. Main thread only. */
static struct line_edit *focused;
static char queue[QUEUE_MAX];
static size_t queued, taken;
static FILE *nowhere;
static int is_ready, has_history;

/* --- what readline calls instead of a terminal --- */

static int next_byte(FILE *stream)
{
	(void)stream;
	return taken < queued ? (unsigned char)queue[taken++] : EOF;
}

static void draw_nothing(void)
{
}

static void prepare_nothing(int meta)
{
	(void)meta;
}

static int has_byte(void)
{
	return taken < queued;
}

static void got_line(char *line)
{
	struct line_edit *edit = focused;

	if (!line || !edit) {
		free(line);
		return;
	}
	if (*line && (!history_length || strcmp(history_get(history_base + history_length - 1)->line, line) != 0))
		add_history(line);
	edit->on_line(edit->arg, line);
	free(line);
}

/* The searches that read their words on a line of their own: nobody would see that line, and readline 8.2 frees an undo list twice when one is left
 * and the history was moved in (M-p, Enter, Up, …). The incremental ones (^R) stay. */
static void drop_blind_searches(void)
{
	Keymap maps[] = { emacs_standard_keymap, emacs_meta_keymap, emacs_ctlx_keymap, vi_insertion_keymap, vi_movement_keymap };
	rl_command_func_t *const searches[] = { rl_noninc_forward_search, rl_noninc_reverse_search, rl_noninc_forward_search_again, rl_noninc_reverse_search_again };

	rl_initialize();
	for (size_t m = 0; m < sizeof(maps) / sizeof(*maps); m++)
		for (size_t i = 0; i < sizeof(searches) / sizeof(*searches); i++)
			rl_unbind_function_in_map(searches[i], maps[m]);
}

/* Once: ~/.inputrc is read by readline's own initialisation. */
static void prepare(void)
{
	if (is_ready)
		return;
	is_ready = 1;
	nowhere = fopen("/dev/null", "r+");
	rl_readline_name = "pilothouse";
	rl_instream = nowhere;
	rl_outstream = nowhere;
	rl_getc_function = next_byte;
	rl_input_available_hook = has_byte;
	rl_redisplay_function = draw_nothing;
	rl_prep_term_function = prepare_nothing;
	rl_deprep_term_function = draw_nothing;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_inhibit_completion = 1;
	rl_variable_bind("enable-bracketed-paste", "off");
	rl_variable_bind("bell-style", "none");
	stifle_history(HISTORY_MAX);
	drop_blind_searches();
}

static char *history_path(const char *history)
{
	return mem_format("%s/%s", file_state_folder(), history);
}

void line_edit_prepare(const char *history)
{
	char *path = history_path(history);

	prepare();
	if (!has_history)
		read_history(path); /* none yet is fine */
	has_history = 1;
	free(path);
}

/* --- keys to bytes --- */

static const struct {
	int key;
	const char *bytes;
} sequences[] = { /* as an xterm sends them: what readline binds by itself, and ~/.inputrc names */
	{ K_UP, "\033[A" },
	{ K_DOWN, "\033[B" },
	{ K_RIGHT, "\033[C" },
	{ K_LEFT, "\033[D" },
	{ K_HOME, "\033[H" },
	{ K_END, "\033[F" },
	{ K_DELETE, "\033[3~" },
	{ K_INSERT, "\033[2~" },
	{ K_BACKSPACE, "\177" },
	{ K_ENTER, "\r" },
	{ K_TAB, "\t" },
};

static size_t encode(unsigned codepoint, char *out)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = codepoint < 0x80 ? 1 : codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;

	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (codepoint & 0x3f));
		codepoint >>= 6;
	}
	out[0] = (char)(leads[length] | codepoint);
	return length;
}

size_t line_edit_bytes(int key, char out[8])
{
	size_t used = 0;

	if (key < 0)
		return 0;
	if (key & K_ALT) {
		out[used++] = '\033';
		key &= ~K_ALT;
	}
	if (key & K_CTRL) {
		int letter = key & ~K_CTRL;

		out[used++] = (char)(letter & 31);
		return letter < 128 ? used : 0;
	}
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		if (sequences[i].key != key)
			continue;
		memcpy(out + used, sequences[i].bytes, strlen(sequences[i].bytes));
		return used + strlen(sequences[i].bytes);
	}
	if (key >= 0x110000 || key < 32)
		return 0;
	return used + encode((unsigned)key, out + used);
}

/* --- the line --- */

/* Leaves no search, argument or former line half done, and no undo list that both the line and an entry of the history hold: moved on to from a
 * line of the history, readline would free it twice (its list grows at the head; the entry has the old head). */
static void settle(void)
{
	rl_callback_sigcleanup();
	rl_free_line_state();
	using_history();
	rl_maybe_unsave_line();
	rl_free_undo_list();
}

static void keep(struct line_edit *edit)
{
	free(edit->kept);
	edit->kept = mem_text(rl_line_buffer ? rl_line_buffer : "");
	edit->point = (size_t)rl_point;
}

void line_edit_focus(struct line_edit *edit)
{
	if (focused == edit)
		return;
	if (focused) {
		keep(focused);
		settle();
		rl_callback_handler_remove();
	}
	focused = edit;
	if (!edit)
		return;
	prepare();
	rl_callback_handler_install("", got_line);
	rl_replace_line(edit->kept, 1);
	rl_point = (int)edit->point;
}

struct line_edit *line_edit_new(void (*on_line)(void *arg, const char *line), void *arg)
{
	struct line_edit *edit = mem_zero(1, sizeof(*edit));

	prepare();
	edit->kept = mem_text("");
	edit->on_line = on_line;
	edit->arg = arg;
	return edit;
}

char *line_edit_history(size_t *length)
{
	HIST_ENTRY **entries = history_list();
	char *bytes = NULL;
	FILE *out = entries ? open_memstream(&bytes, length) : NULL;

	if (!out)
		return NULL;
	for (; *entries; entries++)
		fprintf(out, "%s\n", (*entries)->line);
	if (!fclose(out))
		return bytes;
	free(bytes);
	return NULL;
}

void line_edit_free(struct line_edit *edit)
{
	if (!edit)
		return;
	if (focused == edit)
		line_edit_focus(NULL);
	free(edit->kept);
	free(edit);
}

/* A key that begins a sequence (^X) ends an incremental search, with what was found: readline 8.2 goes on with the sequence after the search
 * has let go of what it needs for it, and crashes (^R ^X, then any key). */
static void end_search(char first)
{
	char sequence[] = { first, 0 };
	int type = ISFUNC;

	if (!RL_ISSTATE(RL_STATE_ISEARCH))
		return;
	rl_function_of_keyseq_len(sequence, 1, rl_get_keymap(), &type);
	if (type == ISKMAP)
		rl_callback_sigcleanup();
}

/* One key may make a line of ten million letters (M-9 9 9 9 9 9 9 a): nobody reads it, and it would be measured at every paint. */
static void cut_long_line(void)
{
	int end = LINE_MAX_;

	if (rl_end <= end)
		return;
	while (end > 0 && ((unsigned char)rl_line_buffer[end] & 0xc0) == 0x80)
		end--;
	rl_delete_text(end, rl_end);
	if (rl_point > end)
		rl_point = end;
}

int line_edit_key(struct line_edit *edit, int key)
{
	char bytes[BYTES];
	size_t length = line_edit_bytes(key, bytes);

	line_edit_focus(edit);
	if (!length || (strlen(rl_line_buffer) >= LINE_MAX_ && length == 1 && (unsigned char)*bytes >= 32 && *bytes != 127))
		return 0;
	end_search(*bytes);
	memcpy(queue, bytes, length);
	queued = length;
	taken = 0;
	while (taken < queued)
		rl_callback_read_char();
	cut_long_line();
	return 1;
}

const char *line_edit_text(const struct line_edit *edit)
{
	return focused == edit && rl_line_buffer ? rl_line_buffer : edit->kept;
}

void line_edit_set(struct line_edit *edit, const char *text)
{
	if (focused == edit) {
		settle();
		rl_replace_line(text, 1);
		rl_point = rl_end;
		return;
	}
	free(edit->kept);
	edit->kept = mem_text(text);
	edit->point = strlen(text);
}

/* Scrolled so that the cursor is seen. */
void line_edit_draw(const struct line_edit *edit, struct rect area, int y, int x, int columns, int has_focus)
{
	const char *text = line_edit_text(edit);
	size_t point = focused == edit ? (size_t)rl_point : edit->point, length = strlen(text), from = 0;
	char shown[LINE_MAX_ * 4];

	while (from < point && (int)utf8_columns(text + from, point - from) >= columns)
		from++;
	while (from < point && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	safe_copy(shown, sizeof(shown), text + from, length - from);
	screen_put_n(area, y, x, columns, STYLE_TEXT, shown, strlen(shown));
	if (has_focus)
		screen_cursor(area, y, x + (int)utf8_columns(text + from, point - from));
}
