using System.Runtime.InteropServices;
using System.Text;

namespace Llm4Msr.Language.Tokenization;

/// <summary>
/// Which characters a SentencePiece model replaces before it cuts a text. The file has the map as a double array trie over
/// UTF-8 (darts-clone), behind it the replacements, each ended by a zero byte.
/// </summary>
internal sealed class CharacterMap
{
    private const uint LeafBit = 1u << 31;

    private readonly uint[] _units;
    private readonly int _replacements; // where these begin in the bytes

    private CharacterMap(byte[] bytes, uint[] units, int replacements) => (Bytes, _units, _replacements) = (bytes, units, replacements);

    /// <summary>Replaces nothing.</summary>
    public static CharacterMap None { get; } = new([], [], 0);

    public byte[] Bytes { get; }

    /// <returns>Null where the bytes are no such map.</returns>
    public static CharacterMap? Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            return None;
        if (bytes.Length < 4 || MemoryMarshal.Read<uint>(bytes) is var size && (size == 0 || size % 4 != 0 || size > bytes.Length - 4))
            return null;
        return new CharacterMap(bytes.ToArray(), MemoryMarshal.Cast<byte, uint>(bytes.Slice(4, (int)size)).ToArray(), 4 + (int)size);
    }

    /// <summary>The text with the longest known sequence replaced at each place.</summary>
    public string Apply(string text)
    {
        if (_units.Length == 0)
            return text;
        var result = new MemoryStream();
        for (var rest = Encoding.UTF8.GetBytes(text).AsSpan(); rest.Length > 0;)
        {
            var (length, value) = LongestMatch(rest);
            if (length == 0)
            {
                Rune.DecodeFromUtf8(rest, out _, out length);
                result.Write(rest[..length]);
            }
            else
            {
                var replacement = Bytes.AsSpan(Math.Min(Bytes.Length, _replacements + value));
                var end = replacement.IndexOf((byte)0);
                result.Write(end < 0 ? replacement : replacement[..end]);
            }
            rest = rest[length..];
        }
        return Encoding.UTF8.GetString(result.GetBuffer(), 0, (int)result.Length);
    }

    private (int Length, int Value) LongestMatch(ReadOnlySpan<byte> key)
    {
        (int, int) longest = (0, 0);
        var node = OffsetOf(_units[0]);
        for (var i = 0; i < key.Length; i++)
        {
            node ^= key[i];
            if (node >= _units.Length || (_units[node] & (LeafBit | 0xFF)) != key[i])
                break;
            var unit = _units[node];
            node ^= OffsetOf(unit);
            if ((unit >> 8 & 1) == 1 && node < _units.Length)
                longest = (i + 1, (int)(_units[node] & ~LeafBit));
        }
        return longest;
    }

    private static uint OffsetOf(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);
}
