using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>
/// The sentences of the prompts with named blanks, as a text file: sections in square brackets, blanks in braces, lines that
/// start with # left out. The built-in one follows the paper's appendix B.
/// </summary>
public sealed class PromptTemplate
{
    private const string NotesPrefix = "notes.";

    /// <summary>Every section that there is, and the blanks that may stand in it.</summary>
    private static readonly FrozenDictionary<string, string[]> s_blanks = new Dictionary<string, string[]>
    {
        ["scenario"] =
        [
            "platform", "platform_description", "scenario", "scenario_description", "scenario_count", "scenario_interactions",
            "user_count", "users", "item_count", "items", "overlapping_users", "overlapping_items", "notes",
        ],
        ["user"] = ["platform", "platform_description", "scenario_count", "scenarios", "user", "behavior", "history"],
        ["user.one-sided"] = ["platform", "platform_description", "scenario_count", "scenarios", "user", "behavior", "history", "scenario"],
        ["history"] = ["scenario", "user", "behavior", "items"],
        ["history.none"] = ["scenario", "user", "behavior"],
        ["item"] = ["title", "category"],
        ["answer"] = ["scenario_count", "scenarios"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly string[] s_optional = ["answer"];

    private readonly Dictionary<string, string> _sections;

    private PromptTemplate(string text, Dictionary<string, string> sections)
    {
        Text = text;
        _sections = sections;
    }

    /// <summary>The file as it stands.</summary>
    public string Text { get; }

    /// <summary>Names the template in a fingerprint: any change of wording makes other knowledge.</summary>
    public string Hash => FileHash.Of(Text);

    public static PromptTemplate BuiltIn { get; } = Parse(ReadBuiltIn(), "the built-in template");

    public static PromptTemplate Load(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no template file '{path}'. 'llm4msr prompts template' prints one to start from.");
        return Parse(File.ReadAllText(path), path);
    }

    /// <param name="source">Where the text is from, for messages.</param>
    public static PromptTemplate Parse(string text, string source)
    {
        var sections = new Dictionary<string, string>(StringComparer.Ordinal);
        string? section = null;
        var body = new StringBuilder();
        var number = 0;
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (line.StartsWith('#'))
                continue;
            if (line.StartsWith('[') && line.TrimEnd().EndsWith(']'))
            {
                Finish();
                section = line.Trim()[1..^1];
                if (!s_blanks.ContainsKey(section) && !section.StartsWith(NotesPrefix, StringComparison.Ordinal))
                    throw Wrong($"there is no section '{section}'. Sections: {string.Join(", ", s_blanks.Keys.Order(StringComparer.Ordinal))}, notes.SCENARIO");
                if (sections.ContainsKey(section))
                    throw Wrong($"the section '{section}' stands here a second time");
            }
            else if (section is not null)
            {
                CheckBlanks(line);
                body.Append(line).Append('\n');
            }
            else if (!string.IsNullOrWhiteSpace(line))
            {
                throw Wrong("text before the first section");
            }
        }
        Finish();
        if (s_blanks.Keys.Except(s_optional).Order(StringComparer.Ordinal).FirstOrDefault(name => !sections.ContainsKey(name)) is { } missing)
            throw new Llm4MsrException(FaultKind.BadInput, $"{source}: the section '[{missing}]' is missing. 'llm4msr prompts template' prints a whole template.");
        return new PromptTemplate(text, sections);

        void Finish()
        {
            if (section is not null)
                sections[section] = body.ToString().Trim();
            body.Clear();
        }

        void CheckBlanks(string line)
        {
            string[] allowed = section.StartsWith(NotesPrefix, StringComparison.Ordinal) ? [] : s_blanks[section];
            foreach (var blank in Blanks(line))
            {
                if (!allowed.Contains(blank))
                    throw Wrong($"the section '{section}' has no blank '{{{blank}}}'. Blanks: {(allowed.Length == 0 ? "none" : string.Join(", ", allowed))}");
            }
        }

        Llm4MsrException Wrong(string what) => new(FaultKind.BadInput, $"{source}, line {number}: {what}.");
    }

    public bool Has(string section) => _sections.GetValueOrDefault(section, "").Length > 0;

    /// <summary>Expert notes on a scenario, or nothing.</summary>
    public string NotesOn(string scenario) => _sections.GetValueOrDefault(NotesPrefix + scenario, "");

    /// <summary>The section with its blanks filled. What is filled in is never read as a blank again.</summary>
    public string Fill(string section, params ReadOnlySpan<(string Blank, string Value)> values)
    {
        var template = _sections[section];
        var filled = new StringBuilder(template.Length * 2);
        for (var at = 0; at < template.Length;)
        {
            var (start, end) = NextBlank(template, at);
            if (start < 0)
            {
                filled.Append(template, at, template.Length - at);
                break;
            }
            filled.Append(template, at, start - at);
            filled.Append(ValueOf(template[(start + 1)..end], values));
            at = end + 1;
        }
        return filled.Replace(" \n", "\n").ToString(); // a blank at the end of a line may have been filled with nothing
    }

    private static string ValueOf(string blank, ReadOnlySpan<(string Blank, string Value)> values)
    {
        foreach (var (name, value) in values)
        {
            if (name == blank)
                return value;
        }
        throw new ArgumentException($"No value for the blank '{blank}'.", nameof(values));
    }

    private static IEnumerable<string> Blanks(string line)
    {
        for (var (start, end) = NextBlank(line, 0); start >= 0; (start, end) = NextBlank(line, end + 1))
            yield return line[(start + 1)..end];
    }

    private static (int Start, int End) NextBlank(string text, int from)
    {
        var start = text.IndexOf('{', from);
        var end = start < 0 ? -1 : text.IndexOf('}', start);
        return end < 0 ? (-1, -1) : (start, end);
    }

    private static string ReadBuiltIn()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("default.prompt.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
