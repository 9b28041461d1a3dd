using System.Buffers.Binary;
using System.Text;

namespace Llm4Msr.Platform;

/// <summary>
/// The symbol versions that a shared library asks of others (ELF section <c>.gnu.version_r</c>), and the one change
/// made to them here: marking a version as weak, so that the loader goes on when the other library is too old to
/// have it.
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort WeakFlag = 0x2;                // VER_FLG_WEAK

    /// <summary>Marks <paramref name="version"/> as weak wherever <paramref name="library"/> asks for it.</summary>
    /// <returns>How many entries were marked.</returns>
    public static int MarkWeak(Span<byte> library, string version)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\u007fELF"u8) || library[4] != 2 || library[5] != 1)
            throw new InvalidDataException("not a 64-bit little-endian ELF file");

        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(library[0x28..]);
        int sectionSize = BinaryPrimitives.ReadUInt16LittleEndian(library[0x3A..]);
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(library[0x3C..]);
        var marked = 0;
        for (var s = 0; s < sectionCount; s++)
        {
            var header = library[(sections + s * sectionSize)..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != VersionNeedSection)
                continue;
            var names = library[(sections + (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]) * sectionSize)..];
            marked += MarkInSection(library, OffsetOf(header), OffsetOf(names), version);
        }
        return marked;
    }

    private static int MarkInSection(Span<byte> library, int section, int names, string version)
    {
        var marked = 0;
        for (var need = section; ;)
        {
            var entry = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(need + 8)..]);
            for (var left = BinaryPrimitives.ReadUInt16LittleEndian(library[(need + 2)..]); left > 0; left--)
            {
                var name = names + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(entry + 8)..]);
                if (TextAt(library, name) == version)
                {
                    var flags = library[(entry + 4)..];
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | WeakFlag));
                    marked++;
                }
                entry += (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(entry + 12)..]);
            }
            var next = (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(need + 12)..]);
            if (next == 0)
                return marked;
            need += next;
        }
    }

    private static int OffsetOf(ReadOnlySpan<byte> sectionHeader) =>
        (int)BinaryPrimitives.ReadUInt64LittleEndian(sectionHeader[0x18..]);

    private static string TextAt(ReadOnlySpan<byte> library, int offset)
    {
        var rest = library[offset..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }
}
