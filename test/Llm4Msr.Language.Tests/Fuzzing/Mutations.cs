using System.Text;

namespace Llm4Msr.Language.Tests.Fuzzing;

/// <summary>Damaged copies of a right file: bits flipped, bytes replaced, cut, doubled, moved; numbers made absurd.</summary>
internal sealed class Mutations(byte[] right, int seed)
{
    private static readonly byte[][] s_absurd =
    [
        [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0, 0, 0, 0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0, 0, 0, 0, 0],
        .. new[] { "-1", "1e999", "9223372036854775807", "99999999999999999999", "null", "true", "[]", "{}", "\"\"", "[[[[", "\"\\ud800\"", "0.5", "{\"a\":" }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly Random _random = new(seed);

    /// <param name="within">Only the first so many bytes are changed.</param>
    public byte[] Next(int within)
    {
        List<byte> bytes = [.. right];
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            var at = _random.Next(Math.Min(within, bytes.Count));
            var run = Math.Min(_random.Next(1, 20), bytes.Count - at);
            switch (_random.Next(8))
            {
                case 0 or 1:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 2:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, run);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, run));
                    break;
                case 6:
                    bytes.InsertRange(at, bytes.GetRange(_random.Next(bytes.Count - run + 1), run));
                    break;
                default:
                    var absurd = s_absurd[_random.Next(s_absurd.Length)];
                    bytes.RemoveRange(at, Math.Min(absurd.Length, bytes.Count - at));
                    bytes.InsertRange(at, absurd);
                    break;
            }
            if (bytes.Count == 0)
                bytes.Add(0);
        }
        return [.. bytes];
    }
}
