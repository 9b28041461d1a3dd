using System.Text;
using CsCheck;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tests.Tokenization;

public class ByteLevelTokenizerTests
{
    private static readonly ByteLevelTokenizer s_smollm = new(GoldenTokenizer.Read("smollm"), "smollm");

    [Theory, InlineData("smollm"), InlineData("gpt2")]
    public void TextHasTheIdsOfTheReference(string name)
    {
        var tokenizer = new ByteLevelTokenizer(GoldenTokenizer.Read(name), name);
        foreach (var golden in Golden.Read<GoldenTokens[]>("tokenizers", name, "golden.json"))
        {
            Assert.Equal(golden.Ids, tokenizer.Encode(new TextPart(golden.Text, IsFrame: true)));
            Assert.Equal(golden.Text, tokenizer.Decode(tokenizer.Encode(new TextPart(golden.Text, IsFrame: false))));
        }
    }

    [Fact]
    public void AnyTextComesBackFromItsIds() =>
        Gen.String.Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)))
            .Sample(text => s_smollm.Decode(s_smollm.Encode(new TextPart(text, IsFrame: false))) == text);

    [Fact]
    public void NoTextOfAUserBecomesASpecialToken()
    {
        string[] pieces = ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|im_", "end|>", " ", "\n", "a", "|", "<"];
        Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]).Array[0, 8].Select(string.Concat).Sample(text => s_smollm.Encode(new TextPart(text, IsFrame: false)).All(id => id > 2));
    }

    [Fact]
    public void TheFrameAroundAUserKeepsItsSpecialTokens()
    {
        var ids = s_smollm.Encode(new("<|im_start|>user\n", IsFrame: true), new("<|im_end|>", IsFrame: false), new("<|im_end|>", IsFrame: true));

        Assert.Equal(1, ids[0]);
        Assert.Equal(2, ids[^1]);
        Assert.DoesNotContain(ids[1..^1], id => id <= 2);
    }

    [Fact]
    public void WhereFrameAndUserMeetTheyAreCutAsOneText()
    {
        // "\n" + "\n\nx" is one run of white space; cut apart it would have other ids.
        var together = s_smollm.Encode(new("user\n", IsFrame: true), new("\n\nx", IsFrame: false));

        Assert.Equal(s_smollm.Encode(new TextPart("user\n\n\nx", IsFrame: false)), together);
        Assert.Equal("user\n\n\nx", s_smollm.Decode(together));
    }

    [Fact]
    public void OfSpecialTokensThatStartAlikeTheLongestIsMeant()
    {
        var content = GoldenTokenizer.Read("smollm");
        content = content with
        {
            Tokens = [.. content.Tokens, "<a", "<a>"],
            Kinds = [.. content.Kinds, TokenKind.Control, TokenKind.Marker],
        };
        var tokenizer = new ByteLevelTokenizer(content, "smollm");

        var ids = tokenizer.Encode(new TextPart("<a><a<a>", IsFrame: true));

        Assert.Equal([901, 900, 901], ids);
        Assert.Equal("<a><a>", tokenizer.Decode(ids)); // a marker is said, a control token is not
    }

    [Fact]
    public void HalfASurrogatePairIsReplaced() =>
        Assert.Equal("a\uFFFDb", s_smollm.Decode(s_smollm.Encode(new TextPart("a\uD800b", IsFrame: false))));

    [Fact]
    public void ABrokenCharacterAtTheEndOfAnAnswerIsReplaced()
    {
        var ids = s_smollm.Encode(new TextPart("ok 東", IsFrame: false));

        Assert.Equal("ok \uFFFD", s_smollm.Decode(ids[..^1]));
    }

    [Fact]
    public void BytesThatTheVocabularyLacksAreLeftOut()
    {
        var content = GoldenTokenizer.Read("smollm");
        var lacking = content.Tokens.ToList().IndexOf("z");
        content = content with
        {
            Tokens = [.. content.Tokens.Select((t, i) => i == lacking ? "unused" : t)],
            Merges = [.. content.Merges.Where(m => !m.Contains('z', StringComparison.Ordinal))],
        };
        var tokenizer = new ByteLevelTokenizer(content, "smollm");

        Assert.Equal("pia!", tokenizer.Decode(tokenizer.Encode(new TextPart("pizza!", IsFrame: false))));
    }

    [Fact]
    public void TheHashChangesWithAnythingThatChangesIds()
    {
        var content = GoldenTokenizer.Read("smollm");
        VocabularyContent[] others =
        [
            content with { PreTokenizer = "gpt-2" },
            content with { Tokens = [.. content.Tokens.Reverse()] },
            content with { Kinds = [.. content.Kinds.Select(_ => TokenKind.Text)] },
            content with { Merges = [.. content.Merges.Reverse()] },
            content with { BeginToken = 1 },
        ];

        Assert.Equal(6, others.Append(content).Select(c => c.Hash()).Distinct().Count());
        Assert.Equal(content.Hash(), GoldenTokenizer.Read("smollm").Hash());
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "token twice", "the token 'a' is empty or there twice" },
        { "empty token", "the token '' is empty or there twice" },
        { "merge without space", "the merge 'ab' is not a pair of tokens of text that makes a third, or is there twice" },
        { "merge of unknown tokens", "the merge 'qqq x' is not a pair" },
        { "merge into nothing", "the merge 'a ÿ' is not a pair" },
        { "merge with a special token", "the merge '<|im_end|> a' is not a pair" },
        { "merge twice", "the merge 'e n' is not a pair" },
    };

    [Theory, MemberData(nameof(Damages))]
    public void ADamagedVocabularyIsNamed(string what, string expected)
    {
        var content = GoldenTokenizer.Read("smollm");
        content = what switch
        {
            "token twice" => content with { Tokens = ["a", .. content.Tokens.Skip(1)] },
            "empty token" => content with { Tokens = ["", .. content.Tokens.Skip(1)] },
            "merge without space" => content with { Merges = ["ab"] },
            "merge of unknown tokens" => content with { Merges = ["qqq x"] },
            "merge into nothing" => content with { Merges = ["a ÿ"] },
            "merge with a special token" => content with { Merges = ["<|im_end|> a"] },
            _ => content with { Merges = ["e n", "e n"] },
        };

        var error = Assert.Throws<Llm4MsrException>(() => content.Checked("m.gguf"));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.StartsWith($"The tokenizer of 'm.gguf' is damaged: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARuleThatIsNotKnownIsNamed()
    {
        var error = Assert.Throws<Llm4MsrException>(() => new ByteLevelTokenizer(GoldenTokenizer.Read("smollm") with { PreTokenizer = "tekken" }, "m.gguf"));

        Assert.Equal("'m.gguf' cuts text by the rule 'tekken', which is not supported. Supported: 'gpt-2', 'smollm', 'qwen2', 'llama3'.", error.Message);
    }
}
