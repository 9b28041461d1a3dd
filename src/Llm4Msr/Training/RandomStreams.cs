using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llm4Msr.Training;

/// <summary>
/// Chance as a function of (seed, purpose, epoch, step): no stream carries a state, so that a run resumed anywhere draws
/// what the uninterrupted one would have drawn.
/// </summary>
internal static class RandomStreams
{
    public static Random For(ulong seed, string purpose, int epoch, int step = 0)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(System.Text.Encoding.ASCII.GetBytes($"{seed}/{purpose}/{epoch}/{step}"), hash);
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(hash));
    }
}
