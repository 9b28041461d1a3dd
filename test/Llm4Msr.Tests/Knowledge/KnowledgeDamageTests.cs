using System.Buffers.Binary;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Tests.Knowledge;

/// <summary>Goals I1 to I3: damage is named, or proven to be without effect; never silently different, never a crash.</summary>
public sealed class KnowledgeDamageTests : IDisposable
{
    private static readonly KnowledgeFingerprint s_fingerprint = Samples.Fingerprint with { UserWidth = 64 };

    private readonly ScratchFolder _scratch = new();
    private readonly byte[] _whole;
    private readonly List<string> _content;

    public KnowledgeDamageTests()
    {
        Samples.Write(_scratch["whole"], Samples.Many(100, s_fingerprint), s_fingerprint, batch: 60);
        _whole = File.ReadAllBytes(_scratch["whole"]);
        _content = Content(_scratch["whole"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(100, 64)]  // many rows on a page
    [InlineData(10, 1100)] // rows that go on in further pages
    public void OneFlippedBitIsNamedOrChangesNothing(int users, int width)
    {
        var fingerprint = Samples.Fingerprint with { UserWidth = width };
        Samples.Write(_scratch["one"], Samples.Many(users, fingerprint), fingerprint);
        var (whole, content) = (File.ReadAllBytes(_scratch["one"]), Content(_scratch["one"]));
        Assert.InRange(whole.Length, 80_000, 200_000);
        var random = new Random(20_240_601);

        var named = Enumerable.Range(0, 100).Count(_ => IsNamed(Flipped(whole, random.Next(8 * whole.Length)), content));

        Assert.InRange(named, 50, 100); // some hit unused space
    }

    [Fact]
    public void EveryFlippedBitOfTheHeadersIsNamedOrChangesNothing()
    {
        const int FileHeader = 100, PageHeader = 12; // of SQLite's format
        for (var bit = 0; bit < 8 * (FileHeader + PageHeader); bit += 7)
            IsNamed(Flipped(_whole, bit), _content);
    }

    [Fact]
    public void ACutFileIsNamed()
    {
        for (var length = 0; length < _whole.Length; length += length < 200 ? 20 : 997)
            Assert.True(IsNamed(_whole[..length], _content), $"cut to {length} bytes");
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void AZeroedOrDoubledBlockIsNamedOrChangesNothing(int block)
    {
        var random = new Random(7);
        for (var n = 0; n < 25; n++)
        {
            var (from, to) = (random.Next(_whole.Length / block) * block, random.Next(_whole.Length / block) * block);
            var zeroed = _whole.ToArray();
            zeroed.AsSpan(to, block).Clear();
            IsNamed(zeroed, _content);
            var doubled = _whole.ToArray();
            doubled.AsSpan(from, block).CopyTo(doubled.AsSpan(to));
            IsNamed(doubled, _content);
        }
    }

    [Fact]
    public void AnInterruptedWriteIsRolledBackAndDamageToItsJournalIsNamedOrChangesNothing()
    {
        var (file, journal) = Samples.InterruptedWrite(_scratch["whole"]);
        Assert.False(IsNamed(file, _content, journal), "a whole journal rolls back");
        Assert.True(IsNamed(file, _content, []), "without its journal the file is half new");

        const int PagesOfFile = 28; // in SQLite's header, which a commit writes before it writes the pages that it counts
        var looksCut = file.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(looksCut.AsSpan(PagesOfFile), 10_000);
        Assert.False(IsNamed(looksCut, _content, journal), "the rollback mends this too");

        var random = new Random(11);
        for (var n = 0; n < 60; n++)
        {
            var flipped = journal.ToArray();
            flipped[random.Next(journal.Length)] ^= (byte)(1 << random.Next(8));
            IsNamed(file, _content, flipped);
            IsNamed(file, _content, journal[..random.Next(journal.Length)]);
        }
    }

    [Fact]
    public void AFlippedBitOfAVectorIsNamedWithFileKeyAndSequence()
    {
        var path = Edited("UPDATE knowledge SET vector_0 = zeroblob(128) WHERE sequence = 4");
        using var store = KnowledgeStore.OpenForReading(path);

        var error = Assert.Throws<Llm4MsrException>(() => store.Newest(KnowledgeKey.ForUser("0")));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Matches($"^The knowledge store '{path}' is damaged: the row of user '3', sequence 4, has the checksum [0-9a-f]{{8}}, expected [0-9a-f]{{8}}\\. "
            + "Restore the file from a copy, or reason again into a new store\\.$", error.Message);
        Assert.Contains("the row of user '3', sequence 4, has the checksum", Assert.Throws<Llm4MsrException>(
            () => KnowledgeStore.OpenForWriting(path, s_fingerprint, Samples.Interactions)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Edits => new()
    {
        { "DELETE FROM knowledge WHERE sequence = 5", "it holds 202 rows, expected 203" },
        { "UPDATE knowledge SET sequence = 999 WHERE sequence = 203", "it holds 202 rows, expected 203" },
        { "UPDATE knowledge SET sequence = -sequence WHERE sequence = 5", "it holds 202 rows, expected 203" },
        { "UPDATE knowledge SET sequence = -1 WHERE sequence = 5; UPDATE knowledge SET sequence = 5 WHERE sequence = 6; UPDATE knowledge SET sequence = 6 WHERE sequence = -1",
            "the row of user '5', sequence 5, has the checksum" },
        { "UPDATE knowledge SET id = 'x' WHERE sequence = 5", "the row of user 'x', sequence 5, has the checksum" },
        { "UPDATE knowledge SET level = 'item' WHERE sequence = 5", "the row of sequence 5 cannot be read ('item' is not a level. Known: user, scenario)" },
        { "UPDATE knowledge SET text = NULL WHERE sequence = 5", "the row of sequence 5 cannot be read" },
        { "UPDATE knowledge SET as_of_rank = 'soon' WHERE sequence = 5", "sequence 5, has the checksum" },
        { "UPDATE knowledge SET new_tokens = 1 << 40 WHERE sequence = 5", "the row of sequence 5 cannot be read" },
        { "UPDATE store SET records = 202; DELETE FROM knowledge WHERE sequence = 5", "its description has the checksum" },
        { "UPDATE store SET fingerprint = replace(fingerprint, 'tiny', 'zany')", "its description has the checksum" },
        { "UPDATE store SET interactions = 'other'", "its description has the checksum" },
        { "UPDATE store SET last_sequence = 204", "its description has the checksum" },
        { "UPDATE store SET content = replace(content, '1', '2')", "its description has the checksum" },
        { "UPDATE store SET content = 'x'", "a value is not of the type expected ('x' is not a SHA-256" },
        { "DELETE FROM store", "it holds 0 descriptions of itself, expected 1" },
        { "INSERT INTO store SELECT * FROM store", "it holds 2 descriptions of itself, expected 1" },
        { "CREATE TRIGGER t AFTER INSERT ON knowledge BEGIN DELETE FROM knowledge; END", "its tables are" },
        { "CREATE INDEX i ON knowledge(id)", "its tables are" },
        { "DROP TABLE knowledge", "its tables are" },
    };

    [Theory, MemberData(nameof(Edits))]
    public void WhatAnotherProgramChangedIsNamed(string sql, string expected)
    {
        var path = Edited(sql);

        var error = Assert.Throws<Llm4MsrException>(() => Content(path));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(KnowledgeStore.Verify(path).Findings, f => f.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void ARowOfAnotherFingerprintDoesNotPass()
    {
        Samples.Write(_scratch["other"], [Samples.User("x", 1, s_fingerprint)], s_fingerprint with { Source = "other" });
        var path = Edited($"ATTACH '{_scratch["other"]}' AS other; DELETE FROM knowledge WHERE sequence = 1; INSERT INTO knowledge SELECT * FROM other.knowledge");

        Assert.Contains("the row of user 'x', sequence 1, has the checksum", Assert.Throws<Llm4MsrException>(() => Content(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWholeRowInAnothersPlaceIsFoundByTheContentHash()
    {
        // Same fingerprint, same number of rows, every checksum right: only the sum of all rows knows.
        Samples.Write(_scratch["other"], [Samples.User("x", 1, s_fingerprint)], s_fingerprint);
        var path = Edited($"ATTACH '{_scratch["other"]}' AS other; DELETE FROM knowledge WHERE sequence = 1; INSERT INTO knowledge SELECT * FROM other.knowledge");

        Assert.Contains("its rows have the content hash", Assert.Throws<Llm4MsrException>(() => Content(path)).Message, StringComparison.Ordinal);
        Assert.False(KnowledgeStore.Verify(path).IsClean);
    }

    [Fact]
    public void ARowOfAnotherWidthIsNamedEvenWithTheRightChecksum()
    {
        var row = StoredRow.Of(1, Samples.User("0", 10, s_fingerprint), s_fingerprint.Precision);
        var forged = row with { Vectors = [row.Vectors[0][..^2], row.Vectors[1]] };
        var path = Edited("UPDATE knowledge SET vector_0 = substr(vector_0, 1, length(vector_0) - 2), "
            + $"crc = {new StoredRow(1, forged.Header, forged.Vectors).Checksum(s_fingerprint.Hash())} WHERE sequence = 1");

        Assert.Contains("the vectors of user '0', sequence 1, do not have the fingerprint's widths",
            Assert.Throws<Llm4MsrException>(() => Content(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyReportsEveryDamagedRow()
    {
        var path = Edited("UPDATE knowledge SET text = 'x' WHERE sequence IN (3, 50, 201)");

        var report = KnowledgeStore.Verify(path);

        Assert.Equal((198, 2), (report.UserRecords, report.ScenarioRecords));
        Assert.Equal(["sequence 3", "sequence 50", "sequence 201"], report.Findings.Take(3).Select(f => f.Split(", ")[1]));
        Assert.Contains("content hash", report.Findings[3], StringComparison.Ordinal);
        Assert.Equal(4, report.Findings.Count);
    }

    [Fact]
    public void VerifySaysHowManyMoreThereAre()
    {
        var path = Edited("UPDATE knowledge SET text = 'x'");

        Assert.Equal("and 104 more", KnowledgeStore.Verify(path).Findings[^1]); // 203 rows and the content hash, less 100
    }

    /// <summary>Reads and verifies a store of these bytes; fails where it is silently different or breaks in another way.</summary>
    private bool IsNamed(byte[] bytes, List<string> content, byte[]? journal = null)
    {
        var path = _scratch["damaged"];
        File.WriteAllBytes(path, bytes);
        File.WriteAllBytes(path + "-journal", journal ?? []);
        bool read;
        try
        {
            Assert.Equal(content, Content(path));
            read = true;
        }
        catch (Llm4MsrException)
        {
            read = false;
        }
        var clean = KnowledgeStore.Verify(path).IsClean;
        Assert.True(read || !clean, "a store that cannot be read was called clean");
        return !read;
    }

    private static byte[] Flipped(byte[] whole, int bit)
    {
        var bytes = whole.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return bytes;
    }

    private string Edited(string sql)
    {
        var path = _scratch["edited"];
        File.WriteAllBytes(path, _whole);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        new SqliteCommand(sql, connection).ExecuteNonQuery();
        return path;
    }

    private static List<string> Content(string path)
    {
        using var store = KnowledgeStore.OpenForReading(path);
        return [store.Fingerprint.ToJson(), store.InteractionsHash, store.ContentHash, .. store.Records().Select(Samples.Spelled)];
    }
}
