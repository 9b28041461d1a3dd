using System.Numerics;

namespace Llm4Msr.Import.Generator;

/// <summary>
/// The numbers from 0 to one less than <c>count</c> in a random order that takes no memory: a Feistel network of four rounds
/// over the next even number of bits, asked again while its answer is outside.
/// </summary>
internal readonly struct Permutation(int count, Draws rounds)
{
    private const int Rounds = 4;

    private readonly int _half = Math.Max(1, (BitOperations.Log2((uint)Math.Max(1, count - 1)) + 2) / 2);

    public int this[int position]
    {
        get
        {
            var value = (uint)position;
            do
            {
                value = Once(value);
            }
            while (value >= (uint)count);
            return (int)value;
        }
    }

    private uint Once(uint value)
    {
        var mask = (1u << _half) - 1;
        var (left, right) = (value >> _half, value & mask);
        for (var round = 0; round < Rounds; round++)
            (left, right) = (right, (left ^ (uint)rounds.Bits((long)right << 2 | (uint)round)) & mask);
        return left << _half | right;
    }
}
