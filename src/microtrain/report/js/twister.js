// Python's random numbers: the Mersenne Twister of Matsumoto and Nishimura (1998), seeded and read
// as `random.Random` does. So a seed draws the same weights and the same mini-batches here.

class Twister {
  constructor(seed) { // a number, or one that is too large as text
    const words = this.words = new Uint32Array(624);
    const key = [];
    for (let rest = BigInt(String(seed).replace("-", "")); rest > 0n || !key.length; rest >>= 32n) {
      key.push(Number(rest & 0xffffffffn));
    }
    words[0] = 19650218;
    for (let i = 1; i < 624; i += 1) words[i] = Twister.mixed(words[i - 1], 1812433253) + i;
    let i = 1;
    const next = () => {
      i += 1;
      if (i === 624) {
        words[0] = words[623];
        i = 1;
      }
    };
    for (let k = 0; k < 624; k += 1) {
      const j = k % key.length;
      words[i] = (words[i] ^ Twister.mixed(words[i - 1], 1664525)) + key[j] + j;
      next();
    }
    for (let k = 0; k < 623; k += 1) {
      words[i] = (words[i] ^ Twister.mixed(words[i - 1], 1566083941)) - i;
      next();
    }
    words[0] = 0x80000000;
    this.place = 624;
    this.spare = null;
  }

  static mixed(word, factor) {
    return Math.imul(word ^ (word >>> 30), factor) >>> 0;
  }

  // The next 32 random bits.
  bits() {
    const words = this.words;
    if (this.place === 624) {
      for (let k = 0; k < 624; k += 1) {
        const y = (words[k] & 0x80000000) | (words[(k + 1) % 624] & 0x7fffffff);
        words[k] = words[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.place = 0;
    }
    let y = words[this.place];
    this.place += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  random() {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  uniform(low, high) {
    return low + (high - low) * this.random();
  }

  gauss() {
    let z = this.spare;
    this.spare = null;
    if (z === null) {
      const angle = this.random() * 2 * Math.PI;
      const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
      z = Math.cos(angle) * radius;
      this.spare = Math.sin(angle) * radius;
    }
    return z;
  }

  // A whole number from 0 to n - 1.
  below(n) {
    const length = 32 - Math.clz32(n);
    for (;;) {
      const found = this.bits() >>> (32 - length);
      if (found < n) return found;
    }
  }

  shuffle(items) {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }
}
