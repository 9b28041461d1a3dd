using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Reasoning.Tests;
using Llm4Msr.Testing;
using Llm4Msr.Tests.Knowledge;

namespace Llm4Msr.Experiments.Tests;

public sealed class WordCompanyTests : IDisposable
{
    private const int Users = 30, Bread = 1, Liked = 2, Rare = 3, Later = 4;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AWordGoesWithAnItemWhereItIsSaidClearlyMoreOftenOfThoseWhoLikedIt()
    {
        // Ten users like bread, all like one book, two like a rare one; ten like another one after they were asked about.
        List<(int User, int Item, int Scenario, bool Liked)> rows = [];
        for (var user = 1; user <= Users; user++)
        {
            rows.Add((user, Liked, 0, true));
            if (user <= 10)
                rows.Add((user, Bread, 0, true));
            if (user <= 2)
                rows.Add((user, Rare, 1, true));
        }
        var asked = rows.Count;
        rows.AddRange(Enumerable.Range(11, 10).Select(user => (user, Later, 1, true)));
        var data = SampleLogs.Prepare(_scratch, rows);
        Samples.Write(_scratch["words.db"],
        [
            .. Enumerable.Range(1, Users).Select(user => Samples.User($"{user}", asked) with
            {
                Text = string.Join(' ', ["everybody", .. Where(user <= 10, "baking"), .. Where(user <= 8 || user == Users, "mostly"), .. Where(user <= 2, "unique"), .. Where(user is > 10 and <= 20, "later")]),
            }),
            .. Enumerable.Range(1, 100).Select(scenario => Samples.Scenario($"{scenario}") with { Text = "baking" }), // which says nothing of users
        ]);
        using var store = KnowledgeStore.OpenForReading(_scratch["words.db"]);
        HashSet<string> words = ["everybody", "baking", "mostly", "unique", "later"];
        var names = new PromptBuilder(data, PromptTemplate.BuiltIn).Items;
        string Name(int item) => names[data.Encoder.Items.RowOf($"{item}")];

        var company = WordCompany.Of(store, data, new Histories(data, PromptTemplate.BuiltIn, perScenario: 5), [.. Enumerable.Range(1, 4).Select(Name)], words);

        Assert.Equal(["baking"], company.WordsOf(Name(Bread), words)); // "mostly" is said of eight of the ten and one other: not clear
        Assert.Empty(company.WordsOf(Name(Liked), words));
        Assert.Empty(company.WordsOf(Name(Rare), words)); // two texts may be chance
        Assert.Empty(company.WordsOf(Name(Later), words));

        static IEnumerable<string> Where(bool said, string word) => said ? [word] : [];
    }
}
