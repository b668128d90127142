/* The tree of RFC 6962 2.1, against the definition for every size up to 130. */
#include "check_main.h"
#include "gate/merkle.h"

enum { SIZES = 130 };

static uint8_t leaves[SIZES][SHA256_BYTES];

static void make_leaves(void)
{
	for (int i = 0; i < SIZES; i++)
		sha256(&i, sizeof(i), leaves[i]);
}

/* MTH as RFC 6962 2.1 writes it: k is the largest power of two smaller than n. */
static void defined(const uint8_t (*data)[SHA256_BYTES], size_t count, uint8_t out[SHA256_BYTES])
{
	uint8_t bytes[1 + 2 * SHA256_BYTES];
	size_t k = 1;

	if (count == 0) {
		sha256("", 0, out);
		return;
	}
	if (count == 1) {
		bytes[0] = 0;
		memcpy(bytes + 1, data[0], SHA256_BYTES);
		sha256(bytes, 1 + SHA256_BYTES, out);
		return;
	}
	while (2 * k < count)
		k *= 2;
	bytes[0] = 1;
	defined(data, k, bytes + 1);
	defined(data + k, count - k, bytes + 1 + SHA256_BYTES);
	sha256(bytes, sizeof(bytes), out);
}

START_TEST(every_size_as_defined)
{
	struct merkle merkle = { 0 };
	uint8_t root[SHA256_BYTES], wanted[SHA256_BYTES];

	make_leaves();
	for (size_t size = 0; size <= SIZES; size++) {
		merkle_root(&merkle, root);
		defined((const uint8_t(*)[SHA256_BYTES])leaves, size, wanted);
		ck_assert_msg(!memcmp(root, wanted, SHA256_BYTES), "size %zu", size);
		ck_assert_uint_eq(merkle.size, size);
		ck_assert_uint_eq(merkle.count, (unsigned)__builtin_popcountll(size));
		if (size < SIZES)
			merkle_add(&merkle, leaves[size]);
	}
}
END_TEST

START_TEST(known_values)
{
	struct merkle merkle = { 0 };
	uint8_t root[SHA256_BYTES], zeros[SHA256_BYTES] = { 0 };
	char hex[SHA256_HEX_MAX];

	/* RFC 6962 2.1: the hash of an empty list is the hash of an empty string */
	merkle_root(&merkle, root);
	hex_format(root, SHA256_BYTES, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	/* SHA-256 of 33 zero bytes: leaf prefix and a leaf of zeros */
	merkle_add(&merkle, zeros);
	merkle_root(&merkle, root);
	hex_format(root, SHA256_BYTES, hex);
	ck_assert_str_eq(hex, "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9");
}
END_TEST

/* A leaf cannot pose as a node: second preimages over the tree's shape give another root. */
START_TEST(shape_is_in_the_root)
{
	struct merkle two = { 0 }, one = { 0 };
	uint8_t a[SHA256_BYTES], b[SHA256_BYTES];

	make_leaves();
	merkle_add(&two, leaves[0]);
	merkle_add(&two, leaves[1]);
	merkle_root(&two, a);
	merkle_add(&one, a);
	merkle_root(&one, b);
	ck_assert(memcmp(a, b, SHA256_BYTES));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, every_size_as_defined);
	tcase_add_test(tc, known_values);
	tcase_add_test(tc, shape_is_in_the_root);
}

TEST_MAIN("gate/merkle")
