using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Llm4Msr.Platform;
using Microsoft.Win32.SafeHandles;

namespace Llm4Msr.Language.Files;

/// <summary>
/// Reads the head of a model file from front to back. Every length is compared with the bytes that are left before memory
/// is taken for it, so that a short file can never ask for much.
/// </summary>
/// <remarks>By pread, never by a memory map: a map of a file that someone cuts meanwhile ends the process.</remarks>
internal sealed class BoundedReader(SafeFileHandle file, string path)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[1 << 16];
    private long _bufferStart;
    private int _buffered;

    public long Length { get; } = RandomAccess.GetLength(file);

    public long Position { get; private set; }

    public long Left => Length - Position;

    public byte ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        Read(one);
        return one[0];
    }

    public uint ReadUInt32()
    {
        Span<byte> four = stackalloc byte[4];
        Read(four);
        return BinaryPrimitives.ReadUInt32LittleEndian(four);
    }

    public ulong ReadUInt64()
    {
        Span<byte> eight = stackalloc byte[8];
        Read(eight);
        return BinaryPrimitives.ReadUInt64LittleEndian(eight);
    }

    /// <summary>A number of things of which each takes at least <paramref name="bytesEach"/> bytes of the file.</summary>
    public int ReadCount(string what, int most, int bytesEach)
    {
        var count = ReadUInt64();
        if (count > (ulong)most || (long)count > Left / bytesEach)
            throw Damaged($"it claims {count} {what} at byte {Position - 8}; at most {most} are read, and {Left} bytes are left");
        return (int)count;
    }

    /// <summary>Text behind its length in bytes.</summary>
    public string ReadText(int longest, string what)
    {
        var bytes = new byte[ReadCount($"bytes of {what}", longest, bytesEach: 1)];
        Read(bytes);
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Damaged($"{what} before byte {Position} is not UTF-8", e);
        }
    }

    /// <summary>Numbers of one type, little-endian as the file and every machine that this runs on.</summary>
    public T[] ReadNumbers<T>(int count) where T : unmanaged
    {
        var numbers = new T[count];
        Read(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    public Llm4MsrException Damaged(string what, Exception? inner = null) => new(
        FaultKind.Damaged, $"The GGUF file '{path}' is damaged: {what.Shortened()}. Get the file again and compare its SHA-256.", inner);

    private void Read(Span<byte> into)
    {
        if (into.Length > Left)
            throw Damaged($"it ends at byte {Length}, in the middle of its head");
        while (into.Length > 0)
        {
            var inBuffer = (int)(Position - _bufferStart);
            if (inBuffer >= _buffered)
            {
                _bufferStart = Position;
                _buffered = RandomAccess.Read(file, _buffer, Position);
                if (_buffered == 0)
                    throw Damaged("it was cut while it was read");
                inBuffer = 0;
            }
            var now = Math.Min(into.Length, _buffered - inBuffer);
            _buffer.AsSpan(inBuffer, now).CopyTo(into);
            into = into[now..];
            Position += now;
        }
    }
}
