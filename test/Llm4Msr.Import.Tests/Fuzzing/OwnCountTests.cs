using System.Text;

namespace Llm4Msr.Import.Tests.Fuzzing;

public sealed class OwnCountTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", 2L), InlineData("a,b\r\n1,2\r\n\r\n3,4", 2L), InlineData("a,b\r1,2\r", 1L), InlineData("a,b\n", 0L)]
    [InlineData("a,b\n\"1\n\n\",\"\"\"\"\n3\n", 2L), InlineData("a,b\n1\",2\n", 1L), InlineData("\uFEFFa,b\n\"1\",2\n", 1L)]
    [InlineData("a,b\n1,\"2\n", null), InlineData("a,b\n1,\"2\"x\n", null)]
    public void RecordsAreThoseOfRfc4180(string text, long? rows)
    {
        Assert.Equal(rows, OwnCount.Of("log.csv", Encoding.UTF8.GetBytes(text)));
        Assert.Equal(rows, OwnCount.Of("log.tsv", Encoding.UTF8.GetBytes(text.Replace(',', '\t'))));
    }
}
