using Llm4Msr.Import;
using Llm4Msr.Language;

namespace Llm4Msr.TrainEmbedded;

/// <summary>
/// What states inside the network are told to hold while training: at each noun of a title its topic, the scenario in whose list
/// it stands, and whether its topic stood in an earlier list; where a list ends, what is liked of it. Answers alone teach this too, in many times as many steps.
/// </summary>
internal sealed class Hints
{
    private readonly Dictionary<int, int> _topicOfNoun = [];
    private readonly int _in, _common, _distinct, _stop;

    public Hints(LanguageModel model)
    {
        var frame = model.EncodeChat("").Length;
        foreach (var topic in CatalogueWords.BuiltIn.Topics)
        {
            foreach (var noun in topic.Nouns)
                _topicOfNoun.Add(Token(noun), Token(topic.Name));
        }
        (_in, _common, _distinct) = (Token("In"), Token("common"), Token("distinct"));
        _stop = model.EncodeChat("", ".")[^1];

        // The words of an answer stand at the end.
        int Token(string word) => model.EncodeChat("", $" {word}")[frame..] is [var token] ? token : throw new InvalidOperationException($"'{word}' is not one token.");
    }

    /// <summary>The nouns in the lists of a prompt.</summary>
    public List<Hint> Of(IReadOnlyList<int> tokens)
    {
        List<Hint> hints = [];
        var (scenario, listStart) = ((int?)null, 0);
        for (var t = 0; t < tokens.Count - 1; t++)
        {
            if (tokens[t] == _in)
                (scenario, listStart) = (tokens[t + 1], hints.Count);
            else if (scenario is { } list && _topicOfNoun.TryGetValue(tokens[t], out var topic))
                hints.Add(new Hint(t, topic, list, hints.Take(listStart).Any(h => h.Topic == topic) ? _common : _distinct, ListEnd: t));
            else if (tokens[t] == _stop)
                End(t);
        }
        return hints;

        void End(int position)
        {
            for (var k = listStart; k < hints.Count; k++)
                hints[k] = hints[k] with { ListEnd = position };
            (scenario, listStart) = (null, hints.Count);
        }
    }
}

/// <summary>One noun.</summary>
/// <param name="Position">Where it stands in the prompt.</param>
/// <param name="Topic">The token of its topic's name.</param>
/// <param name="Scenario">The first token of the name of the scenario in whose list it stands.</param>
/// <param name="Repeats">"common" where the topic stood in an earlier list, "distinct" where it did not.</param>
/// <param name="ListEnd">Where that list ends.</param>
internal sealed record Hint(int Position, int Topic, int Scenario, int Repeats, int ListEnd);
