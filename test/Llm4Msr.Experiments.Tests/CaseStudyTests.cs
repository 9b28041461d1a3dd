namespace Llm4Msr.Experiments.Tests;

public sealed class CaseStudyTests
{
    [Fact]
    public void ATextLeansOnLinesThatHoldItsWordsAndNotOnWordsThatThePromptSaysAnyway()
    {
        string[] items = ["Chess openings [book]", "Garden chairs [book]", "Wool [kit]"];

        var leaned = CaseStudy.Lean("In garden, the user liked: Chess openings [book]; Garden chairs [book]; Wool [kit]. Name the interest.", items, "The interest in garden is CHESS and knitting.",
            (item, said) => item == "Wool [kit]" ? said.Where(word => word == "knitting") : []);

        Assert.Equal([("Chess openings [book]", "chess"), ("Wool [kit]", "knitting")], leaned.Select(line => (line.Text, Assert.Single(line.Words))));
    }
}
