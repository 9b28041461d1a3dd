using System.Text.Json;
using System.Text.RegularExpressions;
using Llm4Msr.Import;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;
using TorchSharp;

namespace Llm4Msr.TrainEmbedded;

/// <summary>Writes the model as Hugging Face lays it out: settings, tokenizer and weights.</summary>
internal static partial class ModelFolder
{
    public const string TurnStart = "<|im_start|>", TurnEnd = "<|im_end|>";

    /// <summary>The id of <see cref="TurnEnd"/>.</summary>
    public const int EndToken = 1;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>All tokens in the order of their ids: the marks of turns, every byte, then words.</summary>
    public static IReadOnlyList<string> Tokens { get; } = [TurnStart, TurnEnd, .. Bytes(), .. Words()];

    /// <summary>Everything but the weights.</summary>
    public static void WriteSettings(string folder, ModelShape shape)
    {
        Directory.CreateDirectory(folder);
        WriteJson(Path.Combine(folder, "tokenizer.json"), new
        {
            version = "1.0",
            added_tokens = new[] { TurnStart, TurnEnd }.Select((content, id) => new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
            pre_tokenizer = new
            {
                type = "Sequence",
                pretokenizers = new object[]
                {
                    new { type = "Digits", individual_digits = true },
                    new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true },
                },
            },
            decoder = new { type = "ByteLevel", add_prefix_space = true, trim_offsets = true, use_regex = true },
            model = new
            {
                type = "BPE",
                ignore_merges = true, // a word of the vocabulary is one token; of any other word each byte is one
                vocab = Tokens.Index().Skip(2).ToDictionary(t => t.Item, t => t.Index),
                merges = Array.Empty<string>(),
            },
        });
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), new
        {
            tokenizer_class = "PreTrainedTokenizerFast",
            eos_token = TurnEnd,
            model_max_length = shape.Context,
            chat_template = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
                + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
        });
        WriteJson(Path.Combine(folder, "config.json"), new
        {
            architectures = (string[])["LlamaForCausalLM"],
            model_type = "llama",
            vocab_size = shape.Vocabulary,
            hidden_size = shape.Hidden,
            intermediate_size = shape.FeedForward,
            num_hidden_layers = shape.Layers,
            num_attention_heads = shape.Heads,
            num_key_value_heads = shape.Heads,
            head_dim = shape.HeadSize,
            max_position_embeddings = shape.Context,
            hidden_act = "silu",
            rms_norm_eps = shape.NormEpsilon,
            rope_theta = shape.RotaryBase,
            tie_word_embeddings = true,
            eos_token_id = EndToken,
            torch_dtype = "float16",
        });
    }

    public static void WriteWeights(string folder, Llama network)
    {
        using var scope = torch.NewDisposeScope();
        DurableFile.Write(Path.Combine(folder, "model.safetensors"), stream =>
            Safetensors.Write(stream, network.state_dict().Select(p => (p.Key, p.Value.to(torch.ScalarType.Float16))), new Dictionary<string, string> { ["format"] = "pt" }));
    }

    private static void WriteJson(string path, object content) => File.WriteAllText(path, JsonSerializer.Serialize(content, s_indented) + "\n");

    /// <summary>GPT-2's spelling of bytes: printable Latin-1 as itself, the others from U+0100 on.</summary>
    private static IEnumerable<string> Bytes() => Enumerable.Range(0, 256).Select(b => $"{Spelled((byte)b)}");

    private static char Spelled(byte b) => IsPrintable(b) ? (char)b : (char)(0x100 + Enumerable.Range(0, b).Count(other => !IsPrintable((byte)other)));

    private static bool IsPrintable(byte b) => b is >= (byte)'!' and <= (byte)'~' or >= 0xA1 and <= 0xAC or >= 0xAE;

    /// <summary>
    /// What is left of the templates and the closed vocabulary once it is cut into words, each with and without a space before it.
    /// </summary>
    private static IEnumerable<string> Words()
    {
        var words = CatalogueWords.BuiltIn;
        string[] texts =
        [
            .. PromptTemplate.BuiltIn.Text.Split('\n').Where(line => !line.StartsWith('#') && !line.StartsWith('[')).Select(line => Blank().Replace(line, " ")),
            "user\n assistant\n", "[]; :", InterestSummary.Parse("", words.Scenarios).Text(words.Scenarios), " and", ScenarioSummary.AllWords,
            .. words.Topics.SelectMany(topic => topic.Nouns.Prepend(topic.Name)), .. words.Manners, .. words.Kinds,
            .. words.Scenarios.SelectMany(s => new[] { s.Name, s.Description }),
            .. words.Platforms.SelectMany(p => new[] { p.Name, p.Description, p.Users, p.Items, p.Behavior }),
        ];
        return texts.SelectMany(text => Piece().Matches(text).Select(match => match.Value))
            .SelectMany(piece => char.IsLetter(piece[^1]) ? [piece.Trim(), $" {piece.Trim()}"] : new[] { piece })
            .Select(piece => piece.Replace(" ", "Ġ", StringComparison.Ordinal).Replace("\n", "Ċ", StringComparison.Ordinal))
            .Where(piece => piece.Length > 1).Distinct();
    }

    [GeneratedRegex(@"\{\w*\}")]
    private static partial Regex Blank();

    [GeneratedRegex(@" ?\p{L}+| ?[^\s\p{L}\p{N}]+")]
    private static partial Regex Piece();
}
