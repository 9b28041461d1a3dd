using System.Buffers;
using System.Runtime.InteropServices;
using Apache.Arrow;

namespace Llm4Msr.Import.Engine;

/// <summary>
/// Bytes of a column that is being filled, outside of the managed heap: it grows in place, and is filled again for the next
/// batch, so that millions of rows leave no garbage.
/// </summary>
internal sealed unsafe class GrowingBuffer : MemoryManager<byte>
{
    private const int Alignment = 64; // Arrow's

    private byte* _bytes;
    private int _capacity;

    public int Length { get; private set; }

    public void Append<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(Next(bytes.Length));
    }

    public void Append(int value) => MemoryMarshal.Write(Next(sizeof(int)), value);

    /// <summary>Room for the next bytes, with anything in it.</summary>
    public Span<byte> Next(int bytes)
    {
        var length = checked(Length + bytes);
        if (length > _capacity - Alignment)
        {
            _capacity = (int)Math.Min(Math.Max(2L * _capacity, length + Alignment), System.Array.MaxLength);
            if (length > _capacity - Alignment)
                throw new OverflowException($"The texts of one column of a batch have more than {System.Array.MaxLength} bytes.");
            _bytes = (byte*)NativeMemory.Realloc(_bytes, (nuint)_capacity);
        }
        var room = new Span<byte>(_bytes + Length, bytes);
        Length = length;
        return room;
    }

    /// <summary>All bytes, with zeros up to the alignment; valid until the next change.</summary>
    public ArrowBuffer Filled()
    {
        if (Length == 0)
            return ArrowBuffer.Empty;
        var padded = (Length + Alignment - 1) / Alignment * Alignment;
        new Span<byte>(_bytes + Length, padded - Length).Clear();
        return new ArrowBuffer(Memory[..padded]);
    }

    public void Clear() => Length = 0;

    public override Span<byte> GetSpan() => new(_bytes, _capacity);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_bytes + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        (_capacity, Length) = (0, 0);
    }
}
