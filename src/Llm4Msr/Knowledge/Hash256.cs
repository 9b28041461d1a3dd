using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Llm4Msr.Knowledge;

/// <summary>A SHA-256 as a number, so that hashes can be compared cheaply and added up.</summary>
internal readonly record struct Hash256(UInt128 High, UInt128 Low)
{
    private const int Digits = 64;

    public static Hash256 Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return new Hash256(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }

    public static Hash256 Parse(string hexadecimal) => TryParse(hexadecimal, out var hash)
        ? hash
        : throw new FormatException($"'{hexadecimal}' is not a SHA-256: {Digits} lowercase hexadecimal digits.");

    public static bool TryParse(string text, out Hash256 hash)
    {
        hash = default;
        if (text.Length != Digits || !text.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f'))
            return false;
        hash = new Hash256(
            UInt128.Parse(text.AsSpan(0, Digits / 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            UInt128.Parse(text.AsSpan(Digits / 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>The sum modulo 2^256: the same whatever the order.</summary>
    public static Hash256 operator +(Hash256 one, Hash256 other)
    {
        var low = unchecked(one.Low + other.Low);
        var carry = low < one.Low ? UInt128.One : UInt128.Zero;
        return new Hash256(unchecked(one.High + other.High + carry), low);
    }

    /// <summary>Takes back what was added.</summary>
    public static Hash256 operator -(Hash256 one, Hash256 other)
    {
        var borrow = one.Low < other.Low ? UInt128.One : UInt128.Zero;
        return new Hash256(unchecked(one.High - other.High - borrow), unchecked(one.Low - other.Low));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x32}{Low:x32}");
}
